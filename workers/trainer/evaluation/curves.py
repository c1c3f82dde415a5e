"""ROC and precision-recall curves, one label against the rest, and the areas under them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torchmetrics.functional.classification import (
    binary_auroc,
    binary_average_precision,
    binary_precision_recall_curve,
    binary_roc,
)

Points = tuple[tuple[float, float], ...]

_MOST_POINTS = 200  # of a curve: what a page shows of it


@dataclass(frozen=True)
class Areas:
    """`roc` and `pr` have an area for each label (None where all or none have it), `macro_*` their means.

    The curves are those of all decisions together, n x classes of them (micro): ROC as (false positive rate,
    true positive rate), the other as (recall, precision); at most 200 points each.
    """

    roc: tuple[float | None, ...]
    pr: tuple[float | None, ...]
    macro_roc: float | None
    macro_pr: float | None
    micro_roc: float
    micro_pr: float
    roc_curve: Points
    pr_curve: Points


def areas(chances: torch.Tensor, right: torch.Tensor) -> Areas:
    """`chances` (n, classes) float32, `right` (n,) int64."""
    truth = torch.nn.functional.one_hot(right, chances.shape[1])  # (n, classes)
    roc: list[float | None] = []
    pr: list[float | None] = []
    for label in range(chances.shape[1]):
        is_told = 0 < int(truth[:, label].sum()) < len(truth)
        roc.append(float(binary_auroc(chances[:, label], truth[:, label])) if is_told else None)
        pr.append(float(binary_average_precision(chances[:, label], truth[:, label])) if is_told else None)
    decisions, answers = chances.flatten(), truth.flatten()
    false_rate, true_rate, _ = binary_roc(decisions, answers)
    precision, recall, _ = binary_precision_recall_curve(decisions, answers)
    return Areas(
        roc=tuple(roc),
        pr=tuple(pr),
        macro_roc=_mean(roc),
        macro_pr=_mean(pr),
        micro_roc=float(binary_auroc(decisions, answers)),
        micro_pr=float(binary_average_precision(decisions, answers)),
        roc_curve=_thinned(false_rate, true_rate),
        pr_curve=_thinned(recall.flip(0), precision.flip(0)),
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def _thinned(across: torch.Tensor, up: torch.Tensor) -> Points:
    """First and last point and evenly many between."""
    places = torch.linspace(0, len(across) - 1, min(len(across), _MOST_POINTS)).round().long()
    return tuple(zip(across[places].tolist(), up[places].tolist(), strict=True))
