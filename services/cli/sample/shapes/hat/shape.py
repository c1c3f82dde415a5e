"""Hats; turned, seen from the other side."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.hat.beanie import draw_beanie
from services.cli.sample.shapes.hat.bucket import draw_bucket
from services.cli.sample.shapes.hat.cap import draw_cap
from services.cli.sample.shapes.hat.fedora import draw_fedora
from services.cli.sample.shapes.hat.hat import Hat
from services.cli.sample.shapes.hat.sun import draw_sun

_KINDS = {
    "baseball cap": draw_cap,
    "bucket hat": draw_bucket,
    "fedora": draw_fedora,
    "beanie": draw_beanie,
    "sun hat": draw_sun,
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    _KINDS[design.cut](Hat(canvas, design, pattern(canvas, design), turned))


SHAPE = Shape(
    category="hat",
    cuts=tuple(_KINDS),
    # as many times as there are cuts: each kind of hat has patterns of its own
    patterns=(
        "plain", "plain", "plain", "striped", "dotted",
        "plain", "floral", "plain", "zigzag", "floral",
        "plain", "leafy", "tartan", "checked", "upright-striped",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
