"""What is sewn onto a dress: tiers, buttons, belt, hem."""

from __future__ import annotations

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path, ellipse, flip, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import Rgb, darker, lighter, mix
from services.cli.sample.drawing.shading import along, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.shapes.dress.cut import Cut


def draw_tiers(canvas: Canvas, design: Design, cut: Cut, skirt: Mask) -> None:
    rng = design.rng("tiers")
    shadow = darker(design.color, 0.6)
    for share in (0.36, 0.68):
        y = cut.waist + (cut.hem - cut.waist) * share
        half = cut.slim + (cut.wide - cut.slim) * (share * 0.9 + 0.1)
        seam = bow((50 - half - 2, y - 1.5), (50, y + 2.5), (50 + half + 2, y - 1.5))
        canvas.fill(canvas.mask(ribbon(seam, 1.3)).within(skirt), shadow, opacity=0.35)
        gathers: list[Path] = []
        for _ in range(26):
            x = rng.uniform(-half, half)
            top = y + 1.4 - 2.4 * (x / half) ** 2
            gathers.append(ribbon([(50 + x, top), (50 + x * 1.04, top + rng.uniform(2, 6))], 0.5, 0.05))
        canvas.fill(canvas.mask(*gathers).within(skirt), shadow, opacity=0.3)


def draw_placket(canvas: Canvas, design: Design, cut: Cut) -> None:
    """The button strip and the collar."""
    strip = rounded(48.3, 16, 51.7, cut.hem - 1, 0.5)
    tone = mix(design.color, design.second.rgb, 0.12)
    canvas.draw(tone, strip, shades=[along(((0, 0.12), (0.8, 0), (1, -0.3)))])
    buttons = [ellipse(50, y, 0.8, 0.8) for y in range(20, int(cut.hem) - 4, 6)]
    canvas.draw(lighter(design.second.rgb, 0.2), *buttons, cast=0.25)
    wing = [(50.0, 18.5), (56.5, 9.0), (60.0, 12.0), (55.0, 20.5)]
    for path in (wing, flip(wing)):
        canvas.draw(lighter(design.color, 0.12), path, shades=[puff(0.8, 0.5)], cast=0.5)


def draw_belt(canvas: Canvas, design: Design, cut: Cut, turned: bool) -> None:
    kind = design.choose("belt", ("none", "sash", "band", "none"))
    if design.cut == "shirt dress":
        kind = "sash"
    if kind == "none" or design.cut == "slip dress":
        return
    y = cut.waist
    band = bow((50 - cut.slim - 0.4, y - 1.2), (50, y + 0.6), (50 + cut.slim + 0.4, y - 1.2))
    tone = design.accent.rgb if kind == "band" else design.second.rgb
    canvas.draw(tone, ribbon(band, 3.2), shades=[puff(1.2, 0.5)], cast=0.4)
    if kind == "sash" and not turned:
        _knot(canvas, tone, 53.0, y - 0.4)


def _knot(canvas: Canvas, tone: Rgb, x: float, y: float) -> None:
    loops = [
        Pen(x, y).bend((x + 8, y - 5), (x + 7.5, y + 1)).bend((x + 5, y + 4), (x, y)).path,
        Pen(x, y).bend((x - 6, y - 5), (x - 6.5, y + 1)).bend((x - 4, y + 4), (x, y)).path,
        ribbon(bow((x, y), (x + 3, y + 8), (x + 2, y + 15)), 1.2, 2.4),
        ribbon(bow((x, y), (x - 1, y + 7), (x - 3, y + 13)), 1.2, 2.2),
    ]
    canvas.draw(tone, *loops, shades=[puff(1, 0.6)], cast=0.6)
    canvas.draw(tone, ellipse(x, y, 1.5, 1.4), shades=[puff(0.8, 0.7)])


def draw_hem(canvas: Canvas, design: Design, cut: Cut, skirt: Mask) -> None:
    y = cut.hem
    line = bow((50 - cut.wide, y - 4.2), (50, y + 0.2), (50 + cut.wide, y - 4.2))
    seam = canvas.mask(*dashes(line, 0.8, 0.6, 0.3)).within(skirt)
    canvas.fill(seam, darker(design.color, 0.5), opacity=0.5)
