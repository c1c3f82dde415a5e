"""The parts of the classical descriptor: NumPy only, nothing learned from anybody's photos."""
