"""What the gate measures of photos, as they are and damaged, and what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality_gate.damages import Damage
from benchmarks.quality_gate.photos import each, opened, seed_of
from workers.vision.quality import QualityThresholds, judge, measure

PALE = 0.05  # of a catalogue: the products with the least spread of light, white ones on white

Metrics = dict[str, float]


def measured(paths: Sequence[Path], damage: Damage | None = None, level: float = 0) -> list[Metrics]:
    def one(path: Path) -> Metrics:
        image = opened(path)
        if damage:
            image = damage(image, level, seed_of(path))
        return measure(image, min(image.size))

    return each(one, paths)


def rejected(metrics: Sequence[Metrics], thresholds: QualityThresholds) -> list[bool]:
    """For whatever reason: a damage may show in another metric than its own."""
    return [bool(judge(one, thresholds)) for one in metrics]


def share(verdicts: Sequence[bool]) -> float:
    return round(sum(verdicts) / len(verdicts), 4)


def pale(paths: Sequence[Path]) -> list[Path]:
    """The products whose photo has the least spread of light: by no metric of the gate."""
    spread = each(lambda path: float(np.asarray(opened(path).convert("L")).std()), paths)
    return [paths[n] for n in np.argsort(spread)[: round(PALE * len(paths))]]
