"""A watch being drawn."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.geometry import Path, ellipse, rounded, turn
from services.cli.sample.drawing.palette import Rgb

X, Y = 50.0, 50.0  # the middle of the dial


@dataclass(frozen=True, slots=True)
class Watch:
    """`radius` is the case's and `inner` the dial's; `strap` is leather, links, nato or rubber."""

    canvas: Canvas
    design: Design
    radius: float
    inner: float
    metal: Rgb
    strap: str

    @property
    def square(self) -> bool:
        return self.design.cut == "square watch"

    def rim(self, radius: float) -> Path:
        if self.square:
            return rounded(X - radius * 0.9, Y - radius, X + radius * 0.9, Y + radius, radius * 0.24)
        return ellipse(X, Y, radius, radius)


def spoke(degrees: float, start: float, stop: float, width: float) -> Path:
    """A bar that points outwards, from `start` to `stop` units off the middle; 0 degrees is upwards."""
    bar = [
        (X - width / 2, Y - stop),
        (X + width / 2, Y - stop),
        (X + width / 2, Y - start),
        (X - width / 2, Y - start),
    ]
    return turn(bar, degrees, X, Y)
