"""A pair of headphones being drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas, Paint, Shade
from services.cli.sample.drawing.geometry import Path, Point, flip
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import Rgb

FAR: Point = (23.0, 66.0)
NEAR: Point = (74.0, 67.0)


@dataclass(frozen=True, slots=True)
class Headset:
    """`size` is the cups', `cushion` the colour of what touches the ear; `turned` mirrors everything."""

    canvas: Canvas
    design: Design
    size: float
    metal: Rgb
    cushion: Rgb
    turned: bool

    @property
    def foam(self) -> bool:
        return self.design.cut == "retro headphones"

    def side(self, path: Path) -> Path:
        return flip(path) if self.turned else path

    def draw(self, paint: Paint, *paths: Path, shades: Sequence[Shade] = (), cast: float = 0.0) -> Mask:
        """Draws on the canvas, on the side that is shown."""
        return self.canvas.draw(paint, *(self.side(path) for path in paths), shades=shades, cast=cast)
