"""How good the labels are: figures by torchmetrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from workers.trainer.evaluation.calibration import Calibration, calibration
from workers.trainer.evaluation.curves import Curves, Points, curves


@dataclass(frozen=True)
class LabelFigures:
    """One label's, against all others; `support` pictures have it, `taken` are taken for it.

    Areas and curves are None where all or none have it.
    """

    label: str
    support: int
    taken: int
    precision: float
    recall: float
    f1: float
    roc_area: float | None
    pr_area: float | None
    roc_curve: Points | None
    pr_curve: Points | None


@dataclass(frozen=True)
class Averages:
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Areas:
    """`macro_*` are the means of the labels' areas, `micro` is of all n x labels decisions together."""

    macro_roc: float | None
    macro_pr: float | None
    micro: Curves


@dataclass(frozen=True)
class Classification:
    """`macro` counts each label the same, `micro` each picture; `confusion` has a row for each right one.

    Of `unanswered` pictures nothing was said: they count as wrong, stand in no column of the confusion, and
    tell nothing of calibration.
    """

    pictures: int
    unanswered: int
    accuracy: float
    macro: Averages
    micro: Averages
    labels: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    areas: Areas
    calibration: Calibration


def classification(
    chances: NDArray[np.float32], right: NDArray[np.int64], labels: Sequence[str]
) -> Classification | None:
    """`chances` (n, labels), a row of zeros where nothing was said; `right` (n,) numbers of the labels.

    What no picture has or is taken for counts in no mean. None where nothing was said of any picture.
    """
    if not chances.any():
        return None
    # Shares that were added up may exceed 1 by a rounding, and torchmetrics then takes all for logits.
    said, truth, count = torch.from_numpy(chances).clamp(max=1), torch.from_numpy(right), len(labels)
    silent = said.sum(1) == 0
    # One column more, which takes the pictures of which nothing was said.
    decided = torch.cat([said, silent[:, None].to(said.dtype)], 1)  # (n, labels + 1)
    supports = torch.bincount(truth, minlength=count).tolist()
    taken = torch.bincount(decided.argmax(1), minlength=count + 1).tolist()
    each = [column[:count] for column in _averages(decided, truth, "none")]  # 3 of (labels,)
    seen = torch.tensor([bool(supports[n] or taken[n]) for n in range(count)])
    figures = tuple(
        _label(label, supports[n], taken[n], [float(column[n]) for column in each], said[:, n], truth == n)
        for n, label in enumerate(labels)
    )
    micro = curves(said.flatten(), torch.nn.functional.one_hot(truth, count).flatten())
    confusion = multiclass_confusion_matrix(decided, truth, num_classes=count + 1)[:count, :count]
    assert micro is not None, "each picture has one label of two or more"
    return Classification(
        pictures=len(truth),
        unanswered=int(silent.sum()),
        accuracy=float(multiclass_accuracy(decided, truth, num_classes=count + 1, average="micro")),
        macro=Averages(*(float(column[seen].mean()) for column in each)),
        micro=Averages(*(float(value) for value in _averages(decided, truth, "micro"))),
        labels=figures,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        areas=Areas(_mean([one.roc_area for one in figures]), _mean([one.pr_area for one in figures]), micro),
        calibration=calibration(said[~silent], truth[~silent]),
    )


def _label(
    label: str, support: int, taken: int, shares: Sequence[float], scores: torch.Tensor, truth: torch.Tensor
) -> LabelFigures:
    found = curves(scores, truth.long())
    precision, recall, f1 = shares
    return LabelFigures(
        label=label,
        support=support,
        taken=taken,
        precision=precision,
        recall=recall,
        f1=f1,
        roc_area=found.roc_area if found else None,
        pr_area=found.pr_area if found else None,
        roc_curve=found.roc_curve if found else None,
        pr_curve=found.pr_curve if found else None,
    )


def _averages(chances: torch.Tensor, right: torch.Tensor, average: str) -> tuple[torch.Tensor, ...]:
    """Precision, recall and F1; each (columns,) for "none", else a scalar."""
    measures = (multiclass_precision, multiclass_recall, multiclass_f1_score)
    return tuple(
        measure(chances, right, num_classes=chances.shape[1], average=average) for measure in measures
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
