"""Lamps; turned, the other way round and switched on or off."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.shapes.lamp.desk import draw_desk
from services.cli.sample.shapes.lamp.lamp import Lamp
from services.cli.sample.shapes.lamp.mushroom import draw_mushroom
from services.cli.sample.shapes.lamp.table import draw_table
from services.cli.sample.shapes.lamp.tripod import draw_tripod

_KINDS = {
    "table lamp": draw_table,
    "cone lamp": draw_table,
    "mushroom lamp": draw_mushroom,
    "tripod lamp": draw_tripod,
    "desk lamp": draw_desk,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    lit = design.chance("lit", 0.5) != turned
    _KINDS[design.cut](Lamp(canvas, design, lit, turned))


SHAPE = Shape(
    category="lamp",
    cuts=tuple(_KINDS),
    patterns=(
        "plain", "plain", "plain", "upright-striped", "plain", "dotted", "plain", "plain", "leafy", "plain",
        "checked", "floral",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
