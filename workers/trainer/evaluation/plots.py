"""Which plots a report has."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from workers.trainer.course import Epoch
from workers.trainer.evaluation.classification import Classification, LabelFigures
from workers.trainer.evaluation.curves import Points
from workers.trainer.evaluation.svg import Axes, Dot, Line, plot, sketch

_WORST: Final = 2  # labels that have a colour of their own; all others are faint
_FAINT: Final = 60
_SKETCHED: Final = 120  # of so many labels one finds the one that is looked for


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
    micro = found.areas.micro
    most = max((one.pictures for one in found.calibration.bins), default=1)
    dots = [Dot((b.confidence, b.accuracy), (b.pictures / most) ** 0.5) for b in found.calibration.bins]
    roc = [(one.roc_area, one.label, one.roc_curve) for one in found.labels]
    pr = [(one.pr_area, one.label, one.pr_curve) for one in found.labels]
    return [
        plot(
            f"ROC: area {micro.roc_area:.4f}, all decisions",
            Axes("false positive rate", "true positive rate"),
            [Line("all", micro.roc_curve), *_worst(roc)],
            faint=_others(roc),
            diagonal=True,
        ),
        plot(
            f"Precision and recall: area {micro.pr_area:.4f}",
            Axes("recall", "precision"),
            [Line("all", micro.pr_curve), *_worst(pr)],
            faint=_others(pr),
        ),
        plot(
            f"Calibration: ECE {found.calibration.ece:.4f}",
            Axes("highest probability", "share that is right"),
            [Line("bins", [dot.at for dot in dots])],
            dots=dots,
            diagonal=True,
        ),
    ]


def of_labels(found: Classification) -> list[str]:
    """A small figure for each label that has curves; of very many those with the smallest areas."""
    told = [one for one in found.labels if one.roc_curve and one.pr_curve]
    if len(told) > _SKETCHED:
        told = sorted(told, key=lambda one: one.pr_area or 0.0)[:_SKETCHED]
    return [_sketched(one) for one in told]


def _sketched(one: LabelFigures) -> str:
    drawn = sketch(one.label, [one.roc_curve or (), one.pr_curve or ()])
    areas = f'<span class="first">{one.roc_area:.3f}</span> <span class="second">{one.pr_area:.3f}</span>'
    return f"<figure>{drawn}<figcaption><b>{escape(one.label)}</b><br>{areas}</figcaption></figure>"


_Drawn = Sequence[tuple[float | None, str, Points | None]]


def _worst(drawn: _Drawn) -> list[Line]:
    """Those of the smallest area."""
    known = sorted((area, label, points) for area, label, points in drawn if area is not None and points)
    return [Line(label, points) for _, label, points in known[:_WORST]]


def _others(drawn: _Drawn) -> list[Points]:
    known = sorted((area, label, points) for area, label, points in drawn if area is not None and points)
    return [points for _, _, points in known[_WORST : _WORST + _FAINT]]


def _line(name: str, figure: str, history: Sequence[Epoch]) -> Line:
    return Line(name, [(e.number, e.validation[figure]) for e in history if figure in e.validation])
