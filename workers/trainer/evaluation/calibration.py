"""Whether a probability means what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torchmetrics.functional.classification import multiclass_calibration_error

BINS: Final = 15  # Guo and others, "On calibration of modern neural networks" (ICML 2017)


@dataclass(frozen=True)
class Bin:
    """Pictures whose highest probability lies in one fifteenth: their mean probability and accuracy."""

    pictures: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """`ece` is the mean distance of confidence and accuracy, weighed by pictures; `bins` those with any."""

    ece: float
    bins: tuple[Bin, ...]


def calibration(chances: torch.Tensor, right: torch.Tensor) -> Calibration:
    """`chances` (n, classes) float32, `right` (n,) int64."""
    ece = multiclass_calibration_error(chances, right, num_classes=chances.shape[1], n_bins=BINS, norm="l1")
    highest, chosen = chances.max(1)
    hit = (chosen == right).float()
    places = (highest * BINS).long().clamp(max=BINS - 1)
    bins = (
        Bin(int(inside.sum()), float(highest[inside].mean()), float(hit[inside].mean()))
        for inside in (places == number for number in range(BINS))
        if bool(inside.any())
    )
    return Calibration(float(ece), tuple(bins))
