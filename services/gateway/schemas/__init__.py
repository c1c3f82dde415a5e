"""The shapes of requests and answers, for checking what comes and for telling what goes."""
