"""The sole: midsole, tread and what decorates them."""

from __future__ import annotations

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, rectangle, shift
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import WHITE, Rgb, darker, lighter
from services.cli.sample.drawing.shading import fall, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.shapes.sneaker.last import GROUND, Last


def draw_sole(canvas: Canvas, design: Design, last: Last) -> None:
    rubbers = (WHITE, WHITE, (232, 222, 204), lighter(design.second.rgb, 0.15))
    rubber: Rgb = design.choose("sole", rubbers)
    treads = ((168, 112, 66), darker(rubber, 0.35), design.accent.rgb, darker(design.color, 0.3))
    tread: Rgb = design.choose("tread", treads)
    sole = canvas.mask(_outline(design, last.sole))
    canvas.cast(sole, 0.4, 0.3)
    canvas.fill(sole, rubber, puff(2.2, 0.42), fall(0.05, -0.16))
    strip = canvas.mask(rectangle(0, GROUND - 2.6, 100, GROUND + 1)).within(sole)
    canvas.fill(strip, tread, puff(0.8, 0.4))
    grooves = [ribbon([(x, GROUND - 2.4), (x - 0.6, GROUND + 0.4)], 0.8) for x in range(12, 94, 4)]
    canvas.fill(canvas.mask(*grooves).within(sole), darker(tread, 0.5), opacity=0.6)
    _decorate(canvas, design, sole, rubber, last.sole)


def _lift(design: Design) -> float:
    """How much lower the sole's edge is in the middle."""
    return 3.0 if design.cut in ("runner", "chunky sneaker") else 1.0


def _outline(design: Design, top: float) -> Path:
    pen = Pen(6.6, top + 1).bend((4, top + 4), (8, GROUND - 2)).bend((10, GROUND), (16, GROUND))
    pen.line((88, GROUND)).bend((95, GROUND - 1), (94.5, GROUND - 5))
    if design.cut != "chunky sneaker":
        return pen.bend((95.5, top - 1), (91.5, top)).bend((50, top + _lift(design)), (6.6, top + 1)).path
    pen.bend((97, top - 2), (90, top - 3)).curve((76, top + 5), (70, top + 6), (62, top - 1))
    return pen.curve((44, top + 4), (54, top - 5), (30, top)).bend((16, top - 3), (6.6, top + 1)).path


def _decorate(canvas: Canvas, design: Design, sole: Mask, rubber: Rgb, top: float) -> None:
    if design.cut == "runner":
        pod = smooth([(0, 0), (10, -1), (9, 2.6), (1, 3)])
        pods = [shift(pod, x, GROUND - 7.4) for x in (52, 65, 78)]
        canvas.fill(canvas.mask(*pods).within(sole), design.accent.rgb, puff(0.8, 0.6))
    elif design.cut != "chunky sneaker":
        middle = (top + GROUND - 2) / 2
        line = [(8.0, middle), (50.0, middle + _lift(design) * 0.5), (93.0, middle)]
        if design.chance("foxing", 0.5):
            canvas.fill(canvas.mask(ribbon(line, 1.1)).within(sole), design.accent.rgb)
        else:
            seam = canvas.mask(*dashes(line, 1.2, 0.8, 0.35)).within(sole)
            canvas.fill(seam, darker(rubber, 0.4), opacity=0.7)
