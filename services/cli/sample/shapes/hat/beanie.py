"""Beanies: knitted, with a ribbed cuff and often a pompom."""

from __future__ import annotations

import math

from services.cli.sample.drawing.canvas import Paint
from services.cli.sample.drawing.curves import Pen, bow, smooth
from services.cli.sample.drawing.geometry import ellipse, rounded
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import creases, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import knit
from services.cli.sample.shapes.hat.hat import Hat

_LOW = 66.0
_LABELS = ((150, 98, 58), (60, 56, 54), (236, 228, 212))


def draw_beanie(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    top = design.between("top", 24, 30)
    if design.chance("pompom", 0.65):
        _pompom(hat, top - 5)
    right = Pen(50, top).curve((76, top), (76, top + 14), (79, _LOW)).line((50, _LOW + 4))
    gathers = [
        ribbon(bow((50 + s * 4, top + 1), (50 + s * 20, top + 6), (50 + s * 26, top + 30)), 1.6, 0.3)
        for s in (-0.9, -0.45, 0, 0.45, 0.9)
    ]
    light = [puff(6, 0.5), grained(knit(), 0.3), creases(gathers, 1, 0.25)]
    canvas.draw(hat.paint, right.mirrored(), shades=light)
    _cuff(hat)
    if not hat.turned and design.chance("label", 0.6):
        label = rounded(45, _LOW, 55, _LOW + 7, 0.6)
        canvas.draw(design.choose("label tone", _LABELS), label, shades=[puff(0.5, 0.4)], cast=0.3)


def _pompom(hat: Hat, y: float) -> None:
    rng = hat.design.rng("pompom")
    tones = (hat.design.second.rgb, lighter(hat.design.color, 0.3), hat.design.accent.rgb)
    tone = hat.design.choose("pompom tone", tones)
    hat.canvas.draw(tone, ellipse(50, y, 9.5, 9), shades=[puff(4, 0.6)])
    for shade in (darker(tone, 0.25), tone, lighter(tone, 0.25)):
        tufts = []
        for _ in range(90):
            dx, dy = rng.gauss(0, 1), rng.gauss(0, 1)
            far = rng.uniform(5, 10.6) / math.hypot(dx, dy)
            root = (50 + dx * far * 0.55, y + dy * far * 0.55)
            tufts.append(ribbon([root, (50 + dx * far, y + dy * far)], 1.1, 0.4))
        hat.canvas.fill(hat.canvas.mask(*tufts), shade, opacity=0.6)


def _cuff(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    tones: tuple[Paint, ...] = (hat.paint, design.second.rgb, darker(design.color, 0.12))
    right = [(79.5, _LOW - 8), (81, _LOW), (79.5, _LOW + 9)]
    left = [(100 - x, y) for x, y in reversed(right)]
    outline = smooth([(50, _LOW - 4), *right, (50, _LOW + 13), *left])
    light = [puff(3, 0.5), grained(knit(), 0.2)]
    cuff = canvas.draw(design.choose("cuff", tones), outline, shades=light, cast=0.9)
    ribs = []
    for share in (i / 12 - 1 for i in range(1, 24)):
        x, sag = 50 + 30 * share, 3 * (1 - share * share)
        line = bow((x, _LOW - 8 + sag), (50 + 31 * share, _LOW), (x, _LOW + 9 + sag))
        ribs.append(ribbon(line, 0.7))
    canvas.fill(canvas.mask(*ribs).within(cuff), darker(design.color, 0.7), opacity=0.28)
