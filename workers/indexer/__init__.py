"""Shards of the index: follow the log, search, seal."""
