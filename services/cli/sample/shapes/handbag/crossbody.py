"""Crossbody bags: a zip, and a long strap or chain."""

from __future__ import annotations

from itertools import pairwise

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path, between, ellipse, rounded, shift, turn
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.shapes.handbag.bag import Bag, draw_ring, draw_seams, skin

_Y = 64.0  # the middle of the body


def draw_crossbody(bag: Bag) -> None:
    canvas, design = bag.canvas, bag.design
    half = design.between("half", 33, 38)
    line = Pen(53 - half, _Y - 8).curve((22, 2), (78, 2), (47 + half, _Y - 8)).path
    if design.chance("chain", 0.5):
        links = [
            turn(ellipse(x, y, 1.5, 0.85), 35 if i % 2 else -35, x, y)
            for i, (x, y) in enumerate(_beads(line))
        ]
        canvas.draw(bag.metal, *links, shades=[puff(0.4, 0.9)])
    else:
        canvas.draw(bag.hide, ribbon(line, 2), shades=[puff(0.7, 0.6)])
    canvas.draw(bag.paint, _outline(bag, half), shades=skin(5))
    _zip(bag, half)
    for x in (53 - half, 47 + half):
        draw_ring(bag, x, _Y - 9, 2.2)


def _outline(bag: Bag, half: float) -> Path:
    if not bag.design.chance("moon", 0.55):
        return rounded(50 - half, _Y - 17, 50 + half, _Y + 20, 12)
    pen = Pen(50 - half, _Y - 14).bend((50, _Y - 7), (50 + half, _Y - 14))
    pen.curve((53 + half, _Y + 22), (50 + half * 0.6, _Y + 22), (50, _Y + 22))
    return pen.curve((50 - half * 0.6, _Y + 22), (47 - half, _Y + 22), (50 - half, _Y - 14)).path


def _zip(bag: Bag, half: float) -> None:
    canvas, design = bag.canvas, bag.design
    line = bow((55 - half, _Y - 9), (50, _Y - 2), (45 + half, _Y - 9))
    canvas.draw(darker(design.color, 0.5), ribbon(line, 1.7))
    canvas.draw(bag.metal, *dashes(line, 0.5, 0.5, 0.8))
    draw_seams(bag, design.color, shift(line, 0, 2.2), shift(line, 0, -2.2))
    if not bag.turned:
        x, y = line[-3]
        cord = ribbon([(x, y), (x + 0.6, y + 5)], 1)
        tassel = ribbon([(x + 0.6, y + 5), (x + 1, y + 12)], 2, 3.4)
        canvas.draw(design.accent.rgb, cord, tassel, shades=[puff(0.6, 0.6)], cast=0.6)


def _beads(line: Path) -> Path:
    """The places of a chain's links along a line."""
    beads = [line[0]]
    for a, b in pairwise(line):
        for i in range(8):
            x, y = between(a, b, i / 8)
            if (x - beads[-1][0]) ** 2 + (y - beads[-1][1]) ** 2 >= 1.9**2:
                beads.append((x, y))
    return beads
