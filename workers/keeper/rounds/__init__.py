"""One file per round; each is safe to run by any number of keepers at once."""
