"""Mushroom lamps: a glossy dome on a stem."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import ellipse
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import ball, barrel, puff
from services.cli.sample.drawing.wrap import wrapped
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.lamp.lamp import GLOW, Lamp, draw_glow


def draw_mushroom(lamp: Lamp) -> None:
    canvas, design = lamp.canvas, lamp.design
    wide, brim = design.between("wide", 30, 35), design.between("brim", 48, 52)
    top = brim - wide * design.between("dome", 0.85, 1.1)
    tones = (design.color, design.second.rgb, lighter(design.second.rgb, 0.3))
    right = (
        Pen(50, 92)
        .line((66, 92))
        .bend((67, 86), (57, 82))
        .bend((54, 72), (55, brim - 2))
        .line((50, brim - 2))
    )
    canvas.draw(design.choose("stem", tones), right.mirrored(), shades=[barrel(0.8), puff(2, 0.4)])
    inside = lighter(GLOW, 0.5) if lamp.lit else darker(design.color, 0.4)
    canvas.draw(inside, ellipse(50, brim, wide - 0.5, wide * 0.13))

    dome = Pen(50 - wide, brim).curve((50 - wide * 1.02, top), (50 - wide * 0.62, top), (50, top))
    dome.curve((50 + wide * 0.62, top), (50 + wide * 1.02, top), (50 + wide, brim))
    paint = wrapped(canvas, pattern(canvas, design), 50, wide, wide * 0.13)
    outline = [*dome.path, *ellipse(50, brim, wide, wide * 0.13, 0, 180)]
    cap = canvas.draw(paint, outline, shades=[ball(0.6 if lamp.lit else 0.9), puff(4, 0.4)])
    if lamp.lit:
        draw_glow(lamp, cap, 0.45)
    gloss = [
        (50 - wide * 0.62, brim - wide * 0.52),
        (50 - wide * 0.36, top + wide * 0.16),
        (50 - wide * 0.42, top + wide * 0.28),
        (50 - wide * 0.6, brim - wide * 0.36),
    ]
    canvas.fill(canvas.mask(smooth(gloss)), (255, 255, 255), opacity=0.3)
