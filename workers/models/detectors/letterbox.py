"""An image fitted into a square without losing its ratio."""

from __future__ import annotations

import numpy as np
from PIL import Image

# The grey of YOLO's own training.
_GREY = 114


def letterbox(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """(h, w, 3) uint8 -> (side, side, 3) uint8, the image in the upper left corner, and pixels per pixel.

    A coordinate of the square, divided by the second number, is one of the image.
    """
    height, width = image.shape[:2]
    ratio = min(side / height, side / width)
    fitted = (max(1, int(width * ratio)), max(1, int(height * ratio)))
    square = np.full((side, side, 3), _GREY, np.uint8)
    small = Image.fromarray(image).resize(fitted, Image.Resampling.BILINEAR)
    square[: fitted[1], : fitted[0]] = np.asarray(small)
    return square, ratio
