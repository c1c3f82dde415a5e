"""Bucket bags: gathered by a drawstring, one long strap."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path, ellipse
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.shapes.handbag.bag import Bag, skin

_TOP, _BOTTOM = 36.0, 88.0


def draw_bucket(bag: Bag) -> None:
    canvas, design = bag.canvas, bag.design
    wide, slim = design.between("wide", 24, 28), design.between("slim", 22, 29)
    strap = Pen(53 - wide, _TOP + 6).curve((38, -6), (62, -6), (47 + wide, _TOP + 6)).path
    canvas.draw(bag.hide, ribbon(strap, 3), shades=[puff(1, 0.6)])
    ruffle = [*_ruffle(wide), (48 + wide, _TOP + 8), (52 - wide, _TOP + 8)]
    canvas.draw(darker(design.color, 0.3), ruffle, shades=[puff(1.6, 0.5)])

    right = (
        Pen(50, _TOP + 3).line((50 + wide, _TOP + 1)).bend((47 + wide, _TOP + 9), (49.5 + wide, _TOP + 16))
    )
    right.bend((53 + slim, 66), (50 + slim, _BOTTOM - 5))
    right.bend((49 + slim, _BOTTOM), (44 + slim, _BOTTOM + 0.6)).line((50, _BOTTOM + 1.6))
    gathers = []
    for share in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        start, end = (50 + wide * share, _TOP + 2), (50 + slim * share * 0.9, _TOP + 26)
        gathers.append(ribbon(bow(start, (50 + wide * share * 0.94, _TOP + 14), end), 1.4, 0.3))
    body = canvas.draw(bag.paint, right.mirrored(), shades=[*skin(), creases(gathers, 0.9, 0.35)])
    edge = bow((10, _BOTTOM - 12), (50, _BOTTOM - 9), (90, _BOTTOM - 12))
    base = canvas.mask([(0, _BOTTOM - 12), *edge, (100, 100), (0, 100)]).within(body)
    canvas.fill(base, bag.hide, *skin(2))
    _drawstring(bag, wide)


def _ruffle(wide: float) -> Path:
    pen = Pen(50 - wide, _TOP)
    for i in range(7):
        middle, end = (50 - wide + wide * 2 * (i + part) / 7 for part in (0.5, 1.0))
        pen.bend((middle, _TOP - 4.5), (end, _TOP))
    return pen.path


def _drawstring(bag: Bag, wide: float) -> None:
    canvas = bag.canvas
    cord = bow((51 - wide, _TOP + 8), (50, _TOP + 12), (49 + wide, _TOP + 8))
    canvas.draw(bag.hide, ribbon(cord, 1.5), shades=[puff(0.5, 0.6)], cast=0.5)
    eyelets = [
        ellipse(50 + wide * share, _TOP + 8.2 + 1.8 * (1 - share * share), 1.3, 1.3)
        for share in (-0.8, -0.48, -0.16, 0.16, 0.48, 0.8)
    ]
    canvas.draw(bag.metal, *eyelets, shades=[puff(0.4, 0.8)])
    if bag.turned:
        return
    tassels: list[Path] = []
    for side in (-1, 1):
        tassels.append(
            ribbon(bow((50, _TOP + 10), (50 + side * 5, _TOP + 16), (50 + side * 4, _TOP + 26)), 1.1)
        )
        tassels.append(ribbon([(50 + side * 4, _TOP + 25), (50 + side * 4.3, _TOP + 32)], 2, 3.6))
    canvas.draw(bag.hide, *tassels, shades=[puff(0.6, 0.6)], cast=0.7)
