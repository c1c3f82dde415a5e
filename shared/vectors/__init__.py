"""Vectors on the wire and on disk (NumPy; workers only)."""
