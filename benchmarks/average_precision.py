"""How good a detector is on photos whose items are known: average precision at an overlap of one half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from workers.models.detectors.nms import overlap
from workers.models.detectors.port import Detection

_OVERLAP: Final = 0.5
_RECALLS: Final = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Known:
    """An item that is there: as in `Detection`."""

    box: tuple[float, float, float, float]
    label: str


def ap50(found: Sequence[Sequence[Detection]], known: Sequence[Sequence[Known]]) -> float:
    """AP50 as COCO defines it (Lin and others, 2014), of n photos each: 0..1, NaN where nothing is known.

    The mean over the labels that are known somewhere of the precision at 101 recalls. A detection, best
    score first, is right if it overlaps a known item of its label, not yet taken, by one half or more; of
    several it takes the one it overlaps most.
    """
    if len(found) != len(known):
        raise ValueError(f"{len(found)} photos were looked at, {len(known)} are known")
    labels = sorted({each.label for photo in known for each in photo})
    return float(np.mean([_of_label(label, found, known) for label in labels])) if labels else float("nan")


def _of_label(label: str, found: Sequence[Sequence[Detection]], known: Sequence[Sequence[Known]]) -> float:
    scores: list[float] = []
    right: list[bool] = []
    count = 0
    for detections, items in zip(found, known, strict=True):
        boxes = np.array([each.box for each in items if each.label == label]).reshape(-1, 4)
        count += len(boxes)
        ours = sorted((each for each in detections if each.label == label), key=lambda each: -each.score)
        scores += [each.score for each in ours]
        right += _right(ours, boxes)
    order = np.argsort(-np.array(scores), kind="stable")
    hits = np.cumsum(np.array(right, float)[order])
    recall, precision = hits / count, hits / np.arange(1, len(hits) + 1)
    # The best precision at this recall or any higher one.
    envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    return float(envelope[np.searchsorted(recall, _RECALLS, side="left")].mean())


def _right(detections: Sequence[Detection], boxes: np.ndarray) -> list[bool]:
    free = np.ones(len(boxes), bool)
    right = []
    for each in detections:
        overlaps = np.where(free, overlap(np.array(each.box), boxes), 0)
        best = int(overlaps.argmax()) if len(boxes) else 0
        taken = bool(len(boxes)) and overlaps[best] >= _OVERLAP
        if taken:
            free[best] = False
        right.append(taken)
    return right
