"""Real servers for tests: each starts its own process on a free port and leaves nothing behind."""
