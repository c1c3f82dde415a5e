"""A part of an image, told in shares of its sides."""

Box = tuple[float, float, float, float]  # x0 y0 x1 y1, 0..1 of the upright image
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
