"""ROC and precision-recall curves, one label against the rest, and the areas under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torchmetrics.functional.classification import (
    binary_auroc,
    binary_average_precision,
    binary_precision_recall_curve,
    binary_roc,
)

Points = tuple[tuple[float, float], ...]

_MOST_POINTS: Final = 100  # of a curve: more than a page can show


@dataclass(frozen=True)
class Curves:
    """ROC as (false positive rate, true positive rate), the other as (recall, precision); 100 points each.

    `pr_area` is the average precision, as scikit-learn has it: no straight lines between the points.
    """

    roc_area: float
    pr_area: float
    roc_curve: Points
    pr_curve: Points


def curves(scores: torch.Tensor, truth: torch.Tensor) -> Curves | None:
    """`scores` (n,) float32, `truth` (n,) of 0 and 1. None where all or none are true."""
    if not 0 < int(truth.sum()) < len(truth):
        return None
    false_rate, true_rate, _ = binary_roc(scores, truth)
    precision, recall, _ = binary_precision_recall_curve(scores, truth)
    return Curves(
        roc_area=float(binary_auroc(scores, truth)),
        pr_area=float(binary_average_precision(scores, truth)),
        roc_curve=_thinned(false_rate, true_rate),
        pr_curve=_thinned(recall.flip(0), precision.flip(0)),
    )


def _thinned(across: torch.Tensor, up: torch.Tensor) -> Points:
    """First and last point and evenly many between of those at which the curve turns."""
    points = torch.stack([across, up], 1).double()  # (points, 2)
    steps = points.diff(dim=0)
    turns = (steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]).abs() > 1e-12
    end = turns.new_ones(1)
    points = points[torch.cat([end, turns, end])] if len(points) > 1 else points
    places = torch.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).round().long()
    return tuple((round(x, 4), round(y, 4)) for x, y in points[places].tolist())
