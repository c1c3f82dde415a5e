"""The items of a photo: a detector's boxes, cleaned, the most prominent first."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image

from shared.images.box import Box
from workers.models.detectors.nms import overlap
from workers.models.detectors.port import Detection, Detector
from workers.models.preprocessing.geometry import prepare
from workers.models.preprocessing.preprocess import Preprocess

# A smaller thing is background, and shows too few pixels to be told from others.
MIN_SHARE: Final = 0.01
MIN_SIDE: Final = 24
# Boxes of two classes that overlap so far are one thing with two names.
SAME_OVERLAP: Final = 0.7


class ItemFinder:
    """A detector behind one call that any thread may make; at most `most` items of a photo."""

    def __init__(self, detector: Detector, *, most: int) -> None:
        self._detector = detector
        self._most = most
        self._one_at_a_time = threading.Lock()

    def find(self, view: np.ndarray) -> list[Detection]:
        """`view` is (h, w, 3) uint8 RGB, the whole upright photo."""
        with self._one_at_a_time:
            (found,) = self._detector.detect([view])
        height, width = view.shape[:2]
        return choose([d for d in found if _is_large(d.box, width, height)], self._most)


def choose(found: Sequence[Detection], most: int) -> list[Detection]:
    """Each thing once, under its likeliest name; the `most` likeliest, most prominent first.

    Where a detector that names nothing is surer of a thing, the name comes from the one that knows it.
    """
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        boxes = np.array([other.box for other in kept]).reshape(-1, 4)
        same = np.flatnonzero(overlap(np.array(one.box), boxes) >= SAME_OVERLAP)
        if not same.size:
            kept.append(one)
        elif one.label is not None:
            for n in same:
                if kept[n].label is None:
                    kept[n] = one
    return sorted(kept[:most], key=lambda d: -prominence(d))


def prominence(one: Detection) -> float:
    """What a photo is most likely taken of: sure, large and in the middle."""
    x0, y0, x1, y1 = one.box
    off_centre = math.hypot((x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5) / math.hypot(0.5, 0.5)
    return one.score * math.sqrt(area(one.box)) * (1 - 0.5 * off_centre)


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def cut(view: np.ndarray, box: Box, preprocess: Preprocess) -> np.ndarray:
    """(crop, crop, 3) uint8: what a model sees of the item; the same geometry as for a whole photo."""
    height, width = view.shape[:2]
    x0, y0, x1, y1 = box
    edges = (int(x0 * width), int(y0 * height), math.ceil(x1 * width), math.ceil(y1 * height))
    return prepare(Image.fromarray(view).crop(edges), preprocess)


def _is_large(box: Box, width: int, height: int) -> bool:
    short = min((box[2] - box[0]) * width, (box[3] - box[1]) * height)
    return area(box) >= MIN_SHARE and short >= MIN_SIDE
