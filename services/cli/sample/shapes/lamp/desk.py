"""Desk lamps: a hood on a jointed arm."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen
from services.cli.sample.drawing.geometry import Path, Point, ellipse, flip, rounded, turn
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import CHROME, along, barrel, fall, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.lamp.lamp import GLOW, Lamp

_SHOULDER: Point = (62.0, 86.0)


def draw_desk(lamp: Lamp) -> None:
    canvas, design, color = lamp.canvas, lamp.design, lamp.design.color
    base = [*ellipse(62, 88, 18, 3.4, 180, 360), *ellipse(62, 91, 18, 3.4, 0, 180)]
    canvas.draw(color, _side(lamp, base), shades=[barrel(0.8)])
    canvas.draw(lighter(color, 0.12), _side(lamp, ellipse(62, 88, 18, 3.4)), shades=[fall(0.15, -0.15)])
    elbow = (design.between("elbow x", 76, 82), design.between("elbow y", 48, 54))
    head = (design.between("head x", 40, 46), design.between("head y", 20, 26))
    for a, b in ((_SHOULDER, elbow), (elbow, head)):
        for offset in (-1.3, 1.3):
            arm = ribbon([(a[0] + offset, a[1]), (b[0] + offset, b[1])], 1.5)
            canvas.draw(lamp.metal, _side(lamp, arm), shades=[puff(0.6, 0.8)])
    knobs = [_side(lamp, ellipse(x, y, 2.8, 2.8)) for x, y in (_SHOULDER, elbow, head)]
    canvas.draw(darker(color, 0.2), *knobs, shades=[puff(1.1, 0.7)], cast=0.5)
    _hood(lamp, head, design.between("tilt", 28, 42))


def _side(lamp: Lamp, path: Path) -> Path:
    return flip(path) if lamp.turned else path


def _hood(lamp: Lamp, head: Point, tilt: float) -> None:
    canvas, color = lamp.canvas, lamp.design.color
    x, y = head

    def tilted(path: Path) -> Path:
        return _side(lamp, turn(path, tilt, x, y))

    bulb, mouth, pool = ((255, 244, 205), lighter(GLOW, 0.5), (255, 250, 226))
    if not lamp.lit:
        bulb, mouth, pool = ((222, 222, 218), darker(color, 0.4), (214, 214, 210))
    canvas.draw(bulb, tilted(ellipse(x, y + 17.5, 5, 4.5)), shades=[puff(2, 0.4)])
    canvas.draw(mouth, tilted(ellipse(x, y + 16, 17, 4)))
    canvas.draw(pool, tilted(ellipse(x, y + 17, 6, 2.6)))
    hood = Pen(x - 4, y - 6).line((x + 4, y - 6)).bend((x + 8, y + 2), (x + 17, y + 16))
    hood.bend((x, y + 19), (x - 17, y + 16)).bend((x - 8, y + 2), (x - 4, y - 6))
    light = [puff(4, 0.6), along(((0, -0.25), (0.35, 0.3), (1, -0.3)))]
    canvas.draw(pattern(canvas, lamp.design), tilted(hood.path), shades=light, cast=0.5)
    canvas.draw(lamp.metal, tilted(rounded(x - 3, y - 10, x + 3, y - 5, 1.4)), shades=[along(CHROME, 0.6)])
