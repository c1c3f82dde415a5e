"""T-shirts."""
