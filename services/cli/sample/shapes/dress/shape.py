"""Dresses from the front, as on a hanger; turned, the back."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas, Paint
from services.cli.sample.drawing.curves import bow
from services.cli.sample.drawing.geometry import ellipse, flip
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.dress import cut as outlines
from services.cli.sample.shapes.dress.cut import Cut
from services.cli.sample.shapes.dress.trim import draw_belt, draw_hem, draw_placket, draw_tiers


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    cut = outlines.measured(design, turned)
    paint = pattern(canvas, design, scale=0.8)
    _shoulders(canvas, design, cut, paint)
    light = (puff(2.6, 0.34), grained(cloth(), 0.07))
    bodice = canvas.mask(outlines.bodice(cut))
    pleats = creases(outlines.pleats(design, cut), 1.3, 0.34)
    skirt = canvas.draw(paint, outlines.skirt(design, cut), shades=[*light, fall(-0.04, -0.06), pleats])
    canvas.cast(bodice, 0.5, 0.3)
    canvas.fill(bodice, paint, *light, fall(0.08, -0.02), creases(outlines.darts(cut), 1.0, 0.26))
    if design.cut == "tiered dress":
        draw_tiers(canvas, design, cut, skirt)
    if turned:
        zip_top = 24.0 if cut.strappy else cut.scoop
        zip_line = ribbon([(50, zip_top), (50, cut.waist + 14)], 0.7)
        canvas.fill(canvas.mask(zip_line), darker(design.color, 0.5), opacity=0.7)
    elif design.cut == "shirt dress":
        draw_placket(canvas, design, cut)
    draw_belt(canvas, design, cut, turned)
    draw_hem(canvas, design, cut, skirt)


def _shoulders(canvas: Canvas, design: Design, cut: Cut, paint: Paint) -> None:
    """Straps, or the inside of the back and the sleeves."""
    if cut.strappy:
        line = bow((58.5, 24), (58, 12), (57, 5))
        for strap in (line, flip(line)):
            canvas.draw(darker(design.color, 0.1), ribbon(strap, 1.3), shades=[puff(0.5, 0.6)])
        return
    back = [
        *ellipse(50, 10, 8.6, 2.6, 180, 360),
        (58, 16),
        (54, cut.scoop + 1),
        (46, cut.scoop + 1),
        (42, 16),
    ]
    canvas.draw(darker(design.color, 0.4), back)
    sleeve = outlines.sleeve(design)
    if sleeve is not None:
        for path in (sleeve, flip(sleeve)):
            canvas.draw(paint, path, shades=[puff(2.2, 0.45), grained(cloth(), 0.07)])


SHAPE = Shape(
    category="dress",
    cuts=tuple(outlines.MEASURES),
    patterns=(
        "floral", "plain", "leafy", "pinstriped", "dotted", "plain", "floral", "upright-striped", "checked",
        "plain", "star", "tartan",
    ),
    draw=draw,
    stands=False,
)  # fmt: skip
