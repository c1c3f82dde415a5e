"""Models for serving made of other models: for the edge, in int8, as a variant."""
