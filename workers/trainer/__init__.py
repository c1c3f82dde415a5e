"""Training, evaluation and what is told of them."""
