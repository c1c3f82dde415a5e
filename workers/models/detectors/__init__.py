"""Finding the items in a photo."""
