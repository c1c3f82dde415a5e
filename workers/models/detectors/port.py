"""The port of a detector: which things stand where in a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Detection:
    """`box` is x0 y0 x1 y1, each 0..1 of the upright image, x0 < x1 and y0 < y1; `score` is 0..1.

    `label` is None where a detector only knows that something is there.
    """

    box: tuple[float, float, float, float]
    label: str | None
    score: float


class Detector(Protocol):
    """`labels` are all that it can name. Called from one thread."""

    name: str
    labels: tuple[str, ...]

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """n upright images, each (h, w, 3) uint8 RGB of any size -> of each its items, best score first.

        Raises ValueError for any other shape.
        """


def check_photos(images: Sequence[np.ndarray]) -> None:
    """Raise ValueError unless each is (h, w, 3) uint8 with something in it."""
    for image in images:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"a detector got {image.shape} {image.dtype}, and not (h, w, 3) uint8")


def detections(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, labels: tuple[str, ...], size: tuple[int, int]
) -> list[Detection]:
    """(n, 4) boxes in pixels of an image of `size` (width, height) -> values, best score first.

    `classes` (n,) count in `labels`; without labels things have no name. Boxes are cut at the image's edges;
    what has no area then is left out.
    """
    width, height = size
    inside = np.clip(boxes / (width, height, width, height), 0, 1)  # (n, 4)
    order = np.argsort(-scores, kind="stable")
    return [
        Detection((x0, y0, x1, y1), labels[classes[n]] if labels else None, float(scores[n]))
        for n in order
        for x0, y0, x1, y1 in [inside[n].tolist()]
        if x0 < x1 and y0 < y1
    ]
