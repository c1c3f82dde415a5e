"""What one product looks like: its cut, colours and pattern, and a stable number for each detail."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.cli.sample.canvas import Canvas
from services.cli.sample.palette import Color, Rgb

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Design:
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
        """Its own numbers for each part, so that a new detail leaves the others as they were."""
        return random.Random(f"{self.seed}/{part}")

    def between(self, part: str, low: float, high: float) -> float:
        return self.rng(part).uniform(low, high)

    def choose(self, part: str, options: Sequence[T]) -> T:
        return self.rng(part).choice(options)

    def chance(self, part: str, share: float) -> bool:
        return self.rng(part).random() < share


@dataclass(frozen=True, slots=True)
class Shape:
    """A category's drawing: `draw(canvas, design, turned)`, `turned` being its other side or state."""

    category: str
    cuts: tuple[str, ...]
    patterns: tuple[str, ...]
    draw: Callable[[Canvas, Design, bool], None]
    stands: bool  # upright on a surface; otherwise it lies flat and is seen from above
