"""Which plots a report has."""

from __future__ import annotations

from collections.abc import Sequence

from workers.trainer.course import Epoch
from workers.trainer.evaluation.classification import Classification
from workers.trainer.evaluation.svg import Axes, Line, plot


def learning(history: Sequence[Epoch]) -> list[str]:
    """Loss and validation figures by epoch; one epoch makes no curve."""
    if len(history) < 2:
        return []
    across = (0.0, float(history[-1].number))
    losses = [Line("training", [(e.number, e.loss) for e in history]), _line("validation", "loss", history)]
    highest = max(y for line in losses for _, y in line.points)
    figures = [line for name in ("accuracy", "r1") if (line := _line(name, name, history)).points]
    plots = [plot("Loss", Axes("epoch", "loss", across, (0.0, highest)), [x for x in losses if x.points])]
    if figures:
        lowest = min(y for line in figures for _, y in line.points)
        plots.append(plot("Validation", Axes("epoch", "share", across, (lowest, 1.0)), figures))
    return plots


def decisions(found: Classification) -> list[str]:
    """ROC, precision and recall, and calibration."""
    areas = found.areas
    bins = [(b.confidence, b.accuracy) for b in found.calibration.bins]
    return [
        plot(
            f"ROC, area {areas.micro_roc:.4f}",
            Axes("false positive rate", "true positive rate"),
            [Line("micro", areas.roc_curve)],
            diagonal=True,
        ),
        plot(
            f"Precision and recall, area {areas.micro_pr:.4f}",
            Axes("recall", "precision"),
            [Line("micro", areas.pr_curve)],
        ),
        plot(
            f"Calibration, ECE {found.calibration.ece:.4f}",
            Axes("probability", "accuracy"),
            [Line("bins", bins)],
            diagonal=True,
        ),
    ]


def _line(name: str, figure: str, history: Sequence[Epoch]) -> Line:
    return Line(name, [(e.number, e.validation[figure]) for e in history if figure in e.validation])
