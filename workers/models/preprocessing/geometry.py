"""From an upright RGB image to the square of pixels that a network sees: one code path for all who embed."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FILTERS: Final = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class Geometry(Protocol):
    """What `prepare` needs of a preprocess specification; pixels.

    `fit` is "center" (the short side to `resize`, then the middle `crop` x `crop`; `resize` >= `crop`) or
    "squash" (both sides to `crop`, the ratio is lost). `interpolation` is bilinear, bicubic or lanczos.
    """

    @property
    def resize(self) -> int: ...
    @property
    def crop(self) -> int: ...
    @property
    def interpolation(self) -> str: ...
    @property
    def fit(self) -> str: ...


def prepare(image: Image.Image, spec: Geometry) -> NDArray[np.uint8]:
    """(crop, crop, 3) uint8 RGB, read-only: byte for byte what torchvision's Resize and CenterCrop make.

    `image` is RGB and not narrower than 1:20, so that the resized one stays small. Raises ValueError for an
    unknown `fit` or `interpolation` and for a crop larger than `resize`.
    """
    if spec.interpolation not in _FILTERS:
        raise ValueError(f"unknown interpolation {spec.interpolation!r}: one of {', '.join(_FILTERS)}")
    resample = _FILTERS[spec.interpolation]
    if spec.fit == "squash":
        return np.asarray(image.resize((spec.crop, spec.crop), resample))
    if spec.fit == "center":
        return np.asarray(_center(image, spec.resize, spec.crop, resample))
    raise ValueError(f"unknown fit {spec.fit!r}: center or squash")


def seen(width: int, height: int, spec: Geometry) -> tuple[float, float, float, float]:
    """x0 y0 x1 y1, 0..1: the part of an image of this size that `prepare` shows a network."""
    if spec.fit == "squash":
        return (0.0, 0.0, 1.0, 1.0)
    left, top, size = _centered(width, height, spec.resize, spec.crop)
    return (left / size[0], top / size[1], (left + spec.crop) / size[0], (top + spec.crop) / size[1])


def _center(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> Image.Image:
    if crop > resize:
        raise ValueError(f"crop {crop} is larger than resize {resize}")
    left, top, size = _centered(*image.size, resize, crop)
    return image.resize(size, resample).crop((left, top, left + crop, top + crop))


def _centered(width: int, height: int, resize: int, crop: int) -> tuple[int, int, tuple[int, int]]:
    """Where the crop begins in the resized image, left and top, and that image's size."""
    short = min(width, height)
    size = int(resize * width / short), int(resize * height / short)
    return round((size[0] - crop) / 2), round((size[1] - crop) / 2), size
