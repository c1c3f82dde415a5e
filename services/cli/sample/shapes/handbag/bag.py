"""A handbag being drawn, and the leatherwork that all kinds share."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas, Paint, Shade
from services.cli.sample.drawing.curves import Pen
from services.cli.sample.drawing.geometry import Path, ellipse
from services.cli.sample.drawing.palette import Rgb, darker, lighter, luma
from services.cli.sample.drawing.shading import CHROME, along, fall, grained, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.drawing.texture import leather


@dataclass(frozen=True, slots=True)
class Bag:
    """What its body, its trimmings and its fittings are made of; `turned` shows the back."""

    canvas: Canvas
    design: Design
    paint: Paint
    hide: Rgb
    metal: Rgb
    turned: bool


def skin(depth: float = 4.0) -> list[Shade]:
    return [puff(depth, 0.46), grained(leather(), 0.06), fall(0.08, -0.14)]


def thread(tone: Rgb) -> Rgb:
    """The colour of a seam that shows on leather of this tone."""
    return lighter(tone, 0.5) if luma(tone) < 150 else darker(tone, 0.35)


def draw_seams(bag: Bag, tone: Rgb, *lines: Path) -> None:
    seams = [dash for line in lines for dash in dashes(line, 1.0, 0.7, 0.34)]
    bag.canvas.fill(bag.canvas.mask(*seams), thread(tone), opacity=0.8)


def draw_ring(bag: Bag, x: float, y: float, size: float) -> None:
    ring = bag.canvas.mask(ellipse(x, y, size, size), cut=[ellipse(x, y, size * 0.6, size * 0.6)])
    bag.canvas.cast(ring, 0.4)
    bag.canvas.fill(ring, bag.metal, along(CHROME, 0.6))


def draw_handle(bag: Bag, tone: Rgb, reach: float, foot: float, top: float, width: float) -> None:
    """An arch from foot to foot, `reach` units each side of the middle."""
    left, right = 50 - reach, 50 + reach
    line = Pen(left, foot).curve((left - 1, top), (right + 1, top), (right, foot)).path
    bag.canvas.draw(tone, ribbon(line, width), shades=[puff(width / 3, 0.6)], cast=0.6)
