"""What is decided before a training begins."""
