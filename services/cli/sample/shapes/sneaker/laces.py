"""The lacing: the stay with its eyelets, the crossings and the bow."""

from __future__ import annotations

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, ellipse
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import WHITE, Rgb, contrast, darker
from services.cli.sample.drawing.shading import puff
from services.cli.sample.drawing.strokes import ribbon, strap
from services.cli.sample.shapes.sneaker.last import Last


def draw_laces(canvas: Canvas, design: Design, last: Last, upper: Mask) -> None:
    top = last.collar - 1
    stay = Pen(59, top - 3).line((64, top + 4)).curve((56, 57), (50, 62), (40, 64)).line((35, 59))
    stay.bend((50, 54), (59, top - 3))
    tone = design.choose("stay", (design.second.rgb, darker(design.color, 0.12)))
    canvas.fill(canvas.mask(stay.path).within(upper), tone, puff(1.1, 0.4))

    lace: Rgb = design.choose("laces", (WHITE, WHITE, design.accent.rgb, contrast(design.color)))
    _crossings(canvas, design, lace, top, rows=8 if last.collar < 35 else 5)
    _bow(canvas, lace, 56.0, top - 0.5)


def _crossings(canvas: Canvas, design: Design, lace: Rgb, top: float, rows: int) -> None:
    eyelets: list[Path] = []
    crossings: list[Path] = []
    for i in range(rows):
        t = i / (rows - 1)
        x = 61.0 - 20 * t**1.25
        y = top + 3.0 + (61.0 - top - 3) * t**0.8
        eyelets.append(ellipse(x, y, 0.9, 0.9))
        crossings.extend(strap([(x, y), (x - 6.2, y - 3.4 - t)], 1.9))
    canvas.draw(darker(design.color, 0.5), *eyelets)
    mask = canvas.mask(*crossings)
    canvas.cast(mask, 0.6, 0.5)
    canvas.fill(mask, lace, puff(0.7, 0.6))


def _bow(canvas: Canvas, lace: Rgb, x: float, y: float) -> None:
    loop = smooth([(x, y), (x + 5, y + 3), (x + 8, y + 9), (x + 5, y + 9), (x + 1, y + 3)], closed=False)
    end = smooth([(x, y), (x - 3, y + 4), (x - 3, y + 10), (x - 5, y + 14)], closed=False)
    knot = canvas.mask(ribbon(loop, 1.3), ribbon(end, 1.2), ellipse(x, y, 1.5, 1.3))
    canvas.cast(knot, 0.7, 0.4)
    canvas.fill(knot, lace, puff(0.6, 0.6))
