"""Wrist watches seen from above; turned, at another time of day."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.palette import BRASS, STEEL, Rgb
from services.cli.sample.shapes.watch.case import draw_bezel, draw_case
from services.cli.sample.shapes.watch.dial import draw_dial, draw_glare, draw_indices
from services.cli.sample.shapes.watch.hands import draw_hands, draw_subdials
from services.cli.sample.shapes.watch.strap import draw_strap
from services.cli.sample.shapes.watch.watch import Watch

_ROSE: Rgb = (214, 160, 138)

# cut: radius of the case, and the dial's share of it
_SIZES = {
    "field watch": (21.5, 0.84),
    "dress watch": (20.0, 0.84),
    "chronograph": (23.0, 0.84),
    "square watch": (21.5, 0.84),
    "diver watch": (23.5, 0.74),
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    radius, share = _SIZES[design.cut]
    radius *= design.between("radius", 0.95, 1.05)
    watch = Watch(
        canvas,
        design,
        radius,
        inner=radius * share,
        metal=design.choose("metal", (STEEL, STEEL, BRASS, _ROSE, (66, 66, 72))),
        strap=design.choose("strap", ("leather", "leather", "links", "nato", "rubber")),
    )
    draw_strap(watch)
    draw_case(watch)
    tone, dial = draw_dial(watch)
    if design.cut == "diver watch":
        draw_bezel(watch)
    draw_indices(watch, tone)
    if design.cut == "chronograph":
        draw_subdials(watch, tone)
    draw_hands(watch, tone, turned)
    draw_glare(watch, dial)


SHAPE = Shape(
    category="watch",
    cuts=tuple(_SIZES),
    patterns=("plain",),
    draw=draw,
    stands=False,
)
