"""Handbags from the front; turned, the back without clasp and charms."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.palette import BRASS, STEEL, darker
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.handbag.bag import Bag
from services.cli.sample.shapes.handbag.bucket import draw_bucket
from services.cli.sample.shapes.handbag.crossbody import draw_crossbody
from services.cli.sample.shapes.handbag.frame import draw_frame
from services.cli.sample.shapes.handbag.satchel import draw_satchel
from services.cli.sample.shapes.handbag.tote import draw_tote

_KINDS = {
    "tote bag": draw_tote,
    "satchel": draw_satchel,
    "bucket bag": draw_bucket,
    "crossbody bag": draw_crossbody,
    "frame bag": draw_frame,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    bag = Bag(
        canvas,
        design,
        paint=pattern(canvas, design),
        hide=design.choose("hide", (darker(design.color, 0.25), design.second.rgb, (150, 98, 60))),
        metal=design.choose("metal", (BRASS, BRASS, STEEL)),
        turned=turned,
    )
    _KINDS[design.cut](bag)


SHAPE = Shape(
    category="handbag",
    cuts=tuple(_KINDS),
    patterns=(
        "plain", "plain", "plain", "plain", "dotted", "upright-striped", "plain", "plain", "plain", "floral",
        "checked",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
