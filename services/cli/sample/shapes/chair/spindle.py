"""Spindle chairs: painted wood, a fan of rods under a curved rail."""

from __future__ import annotations

from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import wood
from services.cli.sample.shapes.chair.chair import Chair, draw_leg, draw_seat
from services.cli.sample.shapes.chair.eye import Spot

_HALF, _DEPTH, _HEIGHT, _RUNG = 20.0, 18.0, 42.0, 16.0


def draw_spindle(chair: Chair) -> None:
    design, color = chair.design, chair.design.color
    for side in (-1, 1):
        foot = (side * _HALF, 0.0, -_DEPTH - 3)
        draw_leg(chair, darker(color, 0.3), (side * (_HALF - 6), _HEIGHT, -_DEPTH + 5), foot, 3, 2)
    _fan(chair)
    for x in (-_HALF, _HALF):
        draw_leg(chair, darker(color, 0.2), (x, _RUNG, -_DEPTH), (x, _RUNG, _DEPTH), 1.6, 1.6)
    draw_leg(chair, darker(color, 0.12), (-_HALF, _RUNG, 0), (_HALF, _RUNG, 0), 1.6, 1.6)
    draw_seat(chair, color, _HALF, _DEPTH, _HEIGHT + 1, 3.2, 9)
    if design.pattern != "plain" or design.chance("pad", 0.6):
        soft = chair.paint if design.pattern != "plain" else design.second.rgb
        draw_seat(chair, soft, _HALF - 3, _DEPTH - 3, _HEIGHT + 4, 2.6, 8)
    for side in (-1, 1):
        top, foot = (side * (_HALF - 5), _HEIGHT - 2, _DEPTH - 5), (side * _HALF, 0.0, _DEPTH)
        draw_leg(chair, lighter(color, 0.03), top, foot, 3.2, 2)


def _fan(chair: Chair) -> None:
    color = chair.design.color
    high = chair.design.between("back", 84, 92)
    count = chair.design.choose("spindles", (5, 6, 7))
    heads: list[Spot] = []
    for i in range(count):
        share = -1 + 2 * i / (count - 1)
        heads.append((share * (_HALF + 1), high - 5 * share * share, -_DEPTH - 7 + 3 * share * share))
        foot = (share * (_HALF - 4), _HEIGHT, -_DEPTH + 3 + 3 * share * share)
        draw_leg(chair, color, heads[-1], foot, 1.7, 1.9)
    rail = ribbon(smooth(chair.eye.outline(heads), closed=False), 5.4)
    chair.canvas.draw(color, rail, shades=[puff(1.6, 0.5), grained(wood(), 0.08)], cast=0.7)
