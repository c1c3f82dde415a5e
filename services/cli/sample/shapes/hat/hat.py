"""A hat being drawn, and what all kinds share."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas, Paint, Shade
from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import Rgb, darker, lighter, luma
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.strokes import dashes
from services.cli.sample.drawing.texture import cloth


@dataclass(frozen=True, slots=True)
class Hat:
    canvas: Canvas
    design: Design
    paint: Paint
    turned: bool


def felt(depth: float) -> list[Shade]:
    return [puff(depth, 0.45), grained(cloth(), 0.07), fall(0.08, -0.12)]


def draw_stitches(hat: Hat, tone: Rgb, within: Mask, *lines: Path) -> None:
    color = lighter(tone, 0.45) if luma(tone) < 140 else darker(tone, 0.3)
    stitches = hat.canvas.mask(*(dash for line in lines for dash in dashes(line, 0.9, 0.7, 0.3)))
    hat.canvas.fill(stitches.within(within), color, opacity=0.75)


def brim(y: float, wide: float, deep: float, curl: float) -> Path:
    """A round brim seen from a little above; `curl` raises its ends."""
    rear = [(wide, y - curl), (wide * 0.7, y - deep * 0.6)]
    front = [(wide * 0.66, y + deep * 0.75)]
    right = [(50 + dx, at) for dx, at in (*rear[::-1], *front)]
    left = [(50 - dx, at) for dx, at in (*front, *rear)]
    return smooth([(50, y - deep), *right, (50, y + deep), *left])
