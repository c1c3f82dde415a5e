"""Chairs in three dimensions, seen from the left or, turned, from the right."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.palette import OAK, WALNUT, mix
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.chair.armchair import draw_armchair
from services.cli.sample.shapes.chair.chair import Chair
from services.cli.sample.shapes.chair.dining import draw_dining
from services.cli.sample.shapes.chair.eye import Eye
from services.cli.sample.shapes.chair.shell import draw_shell
from services.cli.sample.shapes.chair.spindle import draw_spindle
from services.cli.sample.shapes.chair.stool import draw_stool

_KINDS = {
    "dining chair": draw_dining,
    "armchair": draw_armchair,
    "stool": draw_stool,
    "shell chair": draw_shell,
    "spindle chair": draw_spindle,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    yaw = design.between("yaw", 24, 34) * (1 if turned else -1)
    eye = Eye(yaw, design.between("pitch", 16, 22), design.between("scale", 0.84, 0.9))
    timbers = (OAK, WALNUT, mix(OAK, (236, 222, 196), 0.45), (58, 54, 54))
    chair = Chair(canvas, design, eye, design.choose("timber", timbers), pattern(canvas, design))
    _KINDS[design.cut](chair)


SHAPE = Shape(
    category="chair",
    cuts=tuple(_KINDS),
    patterns=(
        "plain", "plain", "plain", "plain", "plain", "floral", "plain", "checked", "plain", "upright-striped",
        "plain", "tartan", "leafy",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
