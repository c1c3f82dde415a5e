"""Frame bags: a pouch in a metal frame with a kiss lock."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import ellipse, flip, rounded
from services.cli.sample.drawing.palette import Rgb, darker
from services.cli.sample.drawing.shading import CHROME, along, creases, puff
from services.cli.sample.drawing.strokes import ribbon, strap
from services.cli.sample.shapes.handbag.bag import Bag, draw_ring, skin

_TOP, _BOTTOM = 42.0, 86.0


def draw_frame(bag: Bag) -> None:
    canvas, design, metal = bag.canvas, bag.design, bag.metal
    half = design.between("half", 30, 35)
    pen = Pen(50 - half * 0.62, _TOP + 1)
    pen.curve((50 - half * 0.6, 10), (50 + half * 0.6, 10), (50 + half * 0.62, _TOP + 1))
    canvas.draw(bag.hide, ribbon(pen.path, 3.2), shades=[puff(1, 0.6)])

    right = Pen(50, _TOP + 1).line((50 + half * 0.72, _TOP + 1))
    right.curve((50 + half * 1.3, _TOP + 20), (50 + half * 1.1, _BOTTOM), (50, _BOTTOM))
    gathers = []
    for share in (-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9):
        start, end = (50 + half * 0.7 * share, _TOP + 3), (50 + half * share * 0.9, _TOP + 27)
        gathers.append(ribbon(bow(start, (50 + half * 0.95 * share, _TOP + 14), end), 1.4, 0.2))
    canvas.draw(bag.paint, right.mirrored(), shades=[*skin(5), creases(gathers, 1.0, 0.3)])

    frame = rounded(50 - half * 0.76, _TOP - 2.4, 50 + half * 0.76, _TOP + 3, 1.6)
    canvas.draw(metal, frame, shades=[along(CHROME, 0.55), puff(0.8, 0.6)], cast=0.7)
    slit = rounded(50 - half * 0.74, _TOP + 0.2, 50 + half * 0.74, _TOP + 0.7, 0.2)
    canvas.draw(darker(metal, 0.6), slit)
    for side in (-1, 1):
        arm = strap([(50 + side * 0.6, _TOP - 2), (50 + side * 2.2, _TOP - 6)], 1.2)
        knob = ellipse(50 + side * 2.4, _TOP - 6.4, 1.7, 1.7)
        canvas.draw(metal, *arm, knob, shades=[puff(0.7, 0.9)], cast=0.4)
        draw_ring(bag, 50 + side * half * 0.62, _TOP + 0.4, 2)
    if not bag.turned and design.chance("bow", 0.4):
        _ribbon_bow(bag, design.accent.rgb, 50, _TOP + 12)


def _ribbon_bow(bag: Bag, tone: Rgb, x: float, y: float) -> None:
    loop = Pen(x, y).curve((x + 11, y - 8), (x + 13, y - 3), (x + 11, y)).bend((x + 10, y + 7), (x, y)).path
    tail = ribbon([(x, y), (x + 5, y + 9)], 1.6, 3.4)
    both = (loop, flip(loop, x), tail, flip(tail, x))
    bag.canvas.draw(tone, *both, shades=[puff(1.4, 0.6)], cast=0.8)
    bag.canvas.draw(tone, ellipse(x, y, 1.9, 2.1), shades=[puff(0.9, 0.7)], cast=0.3)
