"""What one product looks like: its cut, colours and pattern, and a stable number for each detail."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.palette import Color, Rgb
from services.cli.sample.seeded import seeded

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Design:
    """`cut` and `pattern` are among those of the category's `Shape`."""

    seed: str
    cut: str
    pattern: str
    main: Color
    second: Color
    accent: Color

    @property
    def color(self) -> Rgb:
        return self.main.rgb

    def rng(self, part: str) -> random.Random:
        """Numbers of its own for each part, so that a new detail leaves the others as they were."""
        return seeded(f"{self.seed}/{part}")

    def between(self, part: str, low: float, high: float) -> float:
        return self.rng(part).uniform(low, high)

    def choose(self, part: str, options: Sequence[T]) -> T:
        return self.rng(part).choice(options)

    def chance(self, part: str, share: float) -> bool:
        return self.rng(part).random() < share


@dataclass(frozen=True, slots=True)
class Shape:
    """A category's drawing: `draw(canvas, design, turned)`; `turned` shows its other side or state."""

    category: str
    cuts: tuple[str, ...]
    patterns: tuple[str, ...]
    draw: Callable[[Canvas, Design, bool], None]
    stands: bool  # upright on a surface; otherwise it lies flat and is seen from above
