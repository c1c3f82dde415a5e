"""One training: epochs, checkpoints, losses, and what learns."""
