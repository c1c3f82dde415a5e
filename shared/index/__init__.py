"""The log of every shard, placement and versions."""
