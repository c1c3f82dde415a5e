"""What goes into a decode and what comes out: values that the pool and its children share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.images.box import Box
from shared.images.limits import ImageLimits
from workers.models.preprocessing.geometry import Geometry

# Longest side of a photo as a detector sees it, and as a heat map shows it; the model's input is cut from it,
# and an item of a third of it still fills that.
VIEW_SIDE: Final = 768


@dataclass(frozen=True)
class DecodeLimits:
    images: ImageLimits = field(default_factory=ImageLimits)
    memory_bytes: int = 2**30  # address space of a child, interpreter and libraries included
    cpu_s: float = 5.0  # processor time of one job
    wall_s: float = 8.0  # the parent's clock for one job, from the first byte sent
    min_box_side: int = 16  # pixels of the original that the shorter side of a box must span
    # A large photo is decoded at reduced scale, but its longer side keeps at least so many pixels, whatever
    # the plan asks for: so the pixels do not depend on whether a normalised image was wanted too. 768 lets a
    # 12 MP photo decode at a quarter (1008 pixels, 41 ms in all) rather than at half (2016 pixels, 89 ms).
    min_decoded_side: int = 768


@dataclass(frozen=True)
class DecodePlan:
    """What to make of an image. Raises ValueError for a box that is none.

    `box` is x0 y0 x1 y1, 0..1 of the upright image; it cuts out what `pixels` shows, nothing else.
    `normalised_side` and `thumbnail_side` are the longest sides of the two JPEGs in pixels, `view_side` that
    of the whole image as pixels, for a detector; None: do not make it. None is ever enlarged.
    """

    preprocess: Geometry
    box: Box | None = None
    pixels: bool = True
    normalised_side: int | None = None
    thumbnail_side: int | None = None
    view_side: int | None = None

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.box or (0, 0, 1, 1)
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise ValueError(f"box {self.box} is not x0 < x1, y0 < y1 within 0..1")


@dataclass(frozen=True)
class Decoded:
    """An image made safe. Width and height are those of the upright original, in pixels.

    `normalised` and `thumbnail` are RGB JPEGs without any metadata. `thumbnail` is None too where the
    normalised image is small enough to stand in for it. `metrics` are those of `quality.measure`.
    """

    width: int
    height: int
    metrics: dict[str, float]
    timings_ms: dict[str, float]
    pixels: NDArray[np.uint8] | None  # (crop, crop, 3) uint8, RGB
    normalised: bytes | None
    thumbnail: bytes | None
    view: NDArray[np.uint8] | None = None  # (h, w, 3) uint8, RGB: the whole upright image
