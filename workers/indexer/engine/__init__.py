"""The index of one shard: a port, its FAISS adapter, and an exact one in plain NumPy that judges it."""
