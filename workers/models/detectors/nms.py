"""Of boxes that lie on one another, the best one."""

from __future__ import annotations

import numpy as np


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of (4,) with each of (n, 4), x0 y0 x1 y1 -> (n,) of 0..1."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    union: np.ndarray = np.prod(box[2:] - box[:2]) + areas - shared
    # Two boxes without area have no union, and do not overlap.
    ratio: np.ndarray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio


def suppress(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression within each class: indices of the kept ones, best score first.

    `boxes` (n, 4), `scores` (n,), `classes` (n,). A box goes if a better one of its class overlaps it by more
    than `threshold`.
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        hides = (classes[left] == classes[best]) & (overlap(boxes[best], boxes[left]) > threshold)
        left = left[~hides]
    return np.array(kept, np.intp)
