"""Drinking bottles; turned, from the other side."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.shapes.bottle.body import draw_coated
from services.cli.sample.shapes.bottle.bottle import MEASURES, measured, outline
from services.cli.sample.shapes.bottle.cap import draw_cup, draw_screw, draw_spout, draw_stopper
from services.cli.sample.shapes.bottle.glass import draw_glass

_CAPS = {
    "steel bottle": draw_screw,
    "sports bottle": draw_spout,
    "glass bottle": draw_stopper,
    "vacuum flask": draw_cup,
    "slim bottle": draw_screw,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    bottle = measured(canvas, design, turned)
    body = canvas.mask(outline(bottle))
    if design.cut == "glass bottle":
        draw_glass(bottle, body)
    else:
        draw_coated(bottle, body)
    _CAPS[design.cut](bottle)


SHAPE = Shape(
    category="bottle",
    cuts=tuple(MEASURES),
    patterns=(
        "plain", "plain", "plain", "two-tone", "plain", "wave", "speckled", "plain", "leafy", "dotted",
        "plain", "terrazzo", "zigzag",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
