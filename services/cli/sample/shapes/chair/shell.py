"""Shell chairs: a moulded seat on splayed legs."""

from __future__ import annotations

from services.cli.sample.drawing.curves import bow, smooth
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.chair.chair import Chair, draw_leg, upholstered
from services.cli.sample.shapes.chair.eye import Spot

_HEIGHT = 38.0


def draw_shell(chair: Chair) -> None:
    canvas, design, eye = chair.canvas, chair.design, chair.eye
    for x in (-8, 8):
        draw_leg(chair, darker(chair.timber, 0.2), (x, _HEIGHT, -8), (x * 2.3, 0, -18.4), 2.6, 1.7)
    wide = design.between("wide", 22, 25)
    outer = smooth(eye.outline(_rim(chair, wide)))
    right: list[Spot] = [(12, _HEIGHT - 2, -16), (wide - 5, _HEIGHT + 5, 0), (wide - 6, _HEIGHT + 3, 16)]
    left: list[Spot] = [(-x, y, z) for x, y, z in reversed(right)]
    belly = smooth(eye.outline([*left, *right, (0, _HEIGHT - 6, 18)]))
    canvas.draw(darker(design.color, 0.2), outer, belly, shades=[puff(3, 0.5)])

    inner = [(50 + (x - 50) * 0.955, 50 + (y - 50) * 0.965 + 0.6) for x, y in outer]
    ends = [eye.see(side * (wide - 4), _HEIGHT + 6, -2) for side in (-1, 1)]
    hollow = ribbon(bow(ends[0], eye.see(0, _HEIGHT + 2, 4), ends[1]), 2.2)
    light = [puff(5, -0.34), fall(0.16, -0.1), creases([hollow], 3, 0.3), grained(cloth(), 0.05)]
    canvas.draw(chair.paint, inner, shades=light)
    if design.chance("pad", 0.5):
        pad = eye.lying(14, 13, _HEIGHT + 4, 10)
        canvas.draw(design.second.rgb, pad, shades=upholstered(design, 2), cast=0.8)
    for x in (-8, 8):
        draw_leg(chair, chair.timber, (x, _HEIGHT - 3, 9), (x * 2.3, 0, 18.9), 2.8, 1.7)


def _rim(chair: Chair, wide: float) -> list[Spot]:
    high, arms = chair.design.between("back", 72, 82), chair.design.between("arms", 8, 16)
    right: list[Spot] = [
        (8, high, -22),
        (wide - 5, high - 8, -17),
        (wide - 1, _HEIGHT + arms + 6, -8),
        (wide, _HEIGHT + arms, 6),
        (wide - 2, _HEIGHT + 3, 19),
        (8, _HEIGHT + 1, 23),
    ]
    return right + [(-x, y, z) for x, y, z in reversed(right)]
