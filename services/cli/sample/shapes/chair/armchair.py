"""Armchairs: a boxy body on short legs, sometimes with buttons and a cushion."""

from __future__ import annotations

from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import ellipse, flip
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.chair.chair import Chair, draw_back, draw_leg, draw_seat
from services.cli.sample.shapes.chair.eye import hull

_HALF, _DEPTH = 25.0, 21.0
_LOW, _SEAT = 13.0, 35.0


def draw_armchair(chair: Chair) -> None:
    design = chair.design
    _legs(chair, -_DEPTH + 2, 2.0, 3.6, darkness=0.3)
    high = design.between("back", 70, 82)
    corner = design.between("corner", 6, 13)
    draw_back(chair, chair.paint, _HALF - 2, _LOW + 6, high, -_DEPTH + 8, 6, 8, corner)
    if design.chance("buttons", 0.5):
        spots = [chair.eye.see(x, y, -_DEPTH + 9.9 - y * 0.1) for x in (-11, 0, 11) for y in (52, 62)]
        buttons = [ellipse(x, y, 0.9, 0.9) for x, y in spots]
        chair.canvas.draw(darker(design.color, 0.3), *buttons, shades=[puff(0.5, 0.8)])
    nearer = 1 if chair.eye.yaw < 0 else -1
    _arm(chair, -nearer)
    draw_seat(chair, chair.paint, _HALF - 5, _DEPTH, _SEAT - 8, 14, 3)
    draw_seat(chair, chair.paint, _HALF - 5.5, _DEPTH + 1, _SEAT, 8, 4)
    _arm(chair, nearer)
    if design.chance("cushion", 0.55):
        _cushion(chair, nearer)
    _legs(chair, _DEPTH - 1, 0.0, 3.8, darkness=0.0)


def _legs(chair: Chair, z: float, sunk: float, width: float, *, darkness: float) -> None:
    for x in (-_HALF + 2, _HALF - 2):
        tone = darker(chair.timber, darkness)
        draw_leg(chair, tone, (x, _LOW + sunk, z), (x * 1.06, 0, z * 1.1), width, 2.2)


def _arm(chair: Chair, side: int) -> None:
    x, arm = side * (_HALF - 2), chair.design.between("arm", 47, 53)
    box = [(-4.0, _LOW), (4.0, _LOW), (4.0, arm - 3), (2.6, arm), (-2.6, arm), (-4.0, arm - 3)]
    front, rear = (
        smooth(chair.eye.outline([(x + dx, y, z) for dx, y in box])) for z in (_DEPTH + 1, -_DEPTH + 4)
    )
    light = [puff(3, 0.4), fall(0.12, -0.3), grained(cloth(), 0.07)]
    chair.canvas.draw(chair.paint, *hull(front, rear), front, shades=light, cast=1)
    chair.canvas.draw(chair.paint, front, shades=[puff(1.8, 0.5), grained(cloth(), 0.07)], cast=0.4)


def _cushion(chair: Chair, nearer: int) -> None:
    x, y = chair.eye.see(nearer * -4, _SEAT + 12, -_DEPTH + 14)
    upper = [(x - 8.6, y), (x - 10, y - 9), (x, y - 7.6), (x + 10, y - 9), (x + 8.6, y)]
    outline = smooth([*upper, (x + 10, y + 9), (x, y + 7.8), (x - 10, y + 9)])
    dent = ribbon([(x - 9, y - 8), (x - 3, y - 2)], 0.3, 1.4)
    light = [puff(4, 0.55), grained(cloth(), 0.08), creases([dent, flip(dent, x)], 0.9, 0.3)]
    chair.canvas.draw(chair.design.accent.rgb, outline, shades=light, cast=1.2)
