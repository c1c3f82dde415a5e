"""What is done to an image before a network sees it: the same for search and for import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

FITS: Final = ("center", "squash")
INTERPOLATIONS: Final = ("bilinear", "bicubic", "lanczos")


@dataclass(frozen=True)
class Preprocess:
    """The geometric half runs in the decode child (`geometry.prepare`), the rest in the model's `pre`.

    `fit` is "center" (short side to `resize`, then the middle `crop` x `crop`) or "squash" (both sides to
    `crop`); `interpolation` is bilinear, bicubic or lanczos. Sides in pixels; `mean` and `std` per channel
    R, G, B on the scale 0..1.
    """

    resize: int
    crop: int
    interpolation: str
    fit: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def check_images(images: Sequence[np.ndarray], preprocess: Preprocess) -> None:
    """Raise ValueError unless each image is (crop, crop, 3) uint8: what `geometry.prepare` makes."""
    wanted = (preprocess.crop, preprocess.crop, 3)
    for image in images:
        if image.shape != wanted or image.dtype != np.uint8:
            raise ValueError(f"a model of crop {preprocess.crop} got {image.shape} {image.dtype}")
