"""The networks, their preprocess and engines."""
