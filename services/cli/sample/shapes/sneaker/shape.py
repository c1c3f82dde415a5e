"""Sneakers from the side; turned, the pair."""

from __future__ import annotations

from PIL import Image

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.geometry import rounded
from services.cli.sample.shapes.sneaker.laces import draw_laces
from services.cli.sample.shapes.sneaker.last import SOLES, measured
from services.cli.sample.shapes.sneaker.sole import draw_sole
from services.cli.sample.shapes.sneaker.upper import draw_collar, draw_inside, draw_upper


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    if not turned:
        _shoe(canvas, design)
        return
    one = Canvas(canvas.size, canvas.light)
    _shoe(one, design)
    side = round(canvas.size * 0.84)
    small = one.image.resize((side, side), Image.Resampling.LANCZOS)
    canvas.image.alpha_composite(small, (round(canvas.size * 0.14), 0))
    canvas.cast(canvas.mask(rounded(4, 74, 84, 96, 4)), 2.5, 0.25)
    canvas.image.alpha_composite(small, (round(canvas.size * 0.01), round(canvas.size * 0.16)))


def _shoe(canvas: Canvas, design: Design) -> None:
    last = measured(design)
    draw_inside(canvas, design, last)
    upper = draw_upper(canvas, design, last)
    if design.cut != "slip-on":
        draw_laces(canvas, design, last, upper)
    draw_collar(canvas, design, last)
    draw_sole(canvas, design, last)


SHAPE = Shape(
    category="sneaker",
    cuts=tuple(SOLES),
    patterns=("plain", "plain", "plain", "checked", "plain", "plain", "floral", "plain", "leafy"),
    draw=draw,
    stands=True,
)
