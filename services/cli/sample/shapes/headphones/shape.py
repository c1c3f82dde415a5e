"""Headphones seen from the front, a little from one side; turned, from the other."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.palette import BRASS, STEEL, darker
from services.cli.sample.shapes.headphones.band import draw_band, draw_microphone
from services.cli.sample.shapes.headphones.cups import draw_far_cup, draw_near_cup
from services.cli.sample.shapes.headphones.set import Headset

# cut: size of the cups
_SIZES = {
    "over-ear headphones": 1.24,
    "studio headphones": 1.24,
    "on-ear headphones": 1.0,
    "retro headphones": 1.02,
    "gaming headset": 1.24,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    dark = (54, 52, 56)
    cushions = (dark, dark, (150, 104, 70), (232, 224, 208), darker(design.color, 0.45))
    foams = ((232, 124, 52), (70, 68, 72), design.accent.rgb)
    retro = design.cut == "retro headphones"
    headset = Headset(
        canvas,
        design,
        size=_SIZES[design.cut] * design.between("size", 0.94, 1.06),
        metal=design.choose("metal", (STEEL, BRASS, (60, 60, 66), STEEL)),
        cushion=design.choose("foam", foams) if retro else design.choose("pad", cushions),
        turned=turned,
    )
    draw_band(headset)
    draw_far_cup(headset)
    if design.cut == "gaming headset":
        draw_microphone(headset)
    draw_near_cup(headset)


SHAPE = Shape(
    category="headphones",
    cuts=tuple(_SIZES),
    patterns=("plain",),
    draw=draw,
    stands=False,
)
