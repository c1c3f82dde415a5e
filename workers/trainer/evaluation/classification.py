"""How good the labels are: figures by torchmetrics."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from workers.trainer.evaluation.calibration import Calibration, calibration
from workers.trainer.evaluation.curves import Areas, areas
from workers.trainer.evaluation.predict import Predictions


@dataclass(frozen=True)
class LabelFigures:
    """One label's; `support` pictures have it. The areas are None where all or none have it."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float
    roc_area: float | None
    pr_area: float | None


@dataclass(frozen=True)
class Averages:
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Classification:
    """`macro` counts each label the same, `micro` each picture; `confusion` has a row for each right one."""

    pictures: int
    accuracy: float
    macro: Averages
    micro: Averages
    labels: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    areas: Areas
    calibration: Calibration


def classification(predictions: Predictions, labels: tuple[str, ...]) -> Classification:
    """`labels` name the columns of the probabilities. What no picture has or is taken for counts 0."""
    chances = torch.from_numpy(predictions.probabilities)  # (n, classes) float32
    right = torch.from_numpy(predictions.labels)  # (n,) int64
    count = len(labels)
    found = areas(chances, right)
    each = [column.tolist() for column in _averages(chances, right, count, "none")]
    supports = torch.bincount(right, minlength=count).tolist()
    figures = tuple(
        LabelFigures(label, supports[n], each[0][n], each[1][n], each[2][n], found.roc[n], found.pr[n])
        for n, label in enumerate(labels)
    )
    confusion = multiclass_confusion_matrix(chances, right, num_classes=count)
    return Classification(
        pictures=len(right),
        accuracy=float(multiclass_accuracy(chances, right, num_classes=count, average="micro")),
        macro=Averages(*(float(value) for value in _averages(chances, right, count, "macro"))),
        micro=Averages(*(float(value) for value in _averages(chances, right, count, "micro"))),
        labels=figures,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        areas=found,
        calibration=calibration(chances, right),
    )


def _averages(
    chances: torch.Tensor, right: torch.Tensor, count: int, average: str
) -> tuple[torch.Tensor, ...]:
    """Precision, recall and F1; each (classes,) for "none", else a scalar."""
    measures = (multiclass_precision, multiclass_recall, multiclass_f1_score)
    return tuple(measure(chances, right, num_classes=count, average=average) for measure in measures)
