"""Table lamps: a cloth shade on a foot of glazed ceramic or metal."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow, smooth
from services.cli.sample.drawing.geometry import ellipse, rounded
from services.cli.sample.drawing.palette import lighter
from services.cli.sample.drawing.shading import CHROME, along, ball, barrel, fall, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.shapes.lamp.lamp import Lamp, draw_shade

_GROUND = 93.0


def draw_table(lamp: Lamp) -> None:
    canvas, design, metal = lamp.canvas, lamp.design, lamp.metal
    wide = design.between("wide", 27, 32)
    low, high = (0.32, 0.5) if design.cut == "cone lamp" else (0.72, 0.94)
    narrow = wide * design.between("narrow", low, high)
    top, bottom = design.between("top", 9, 13), design.between("bottom", 44, 49)
    canvas.draw(metal, rounded(49, bottom - 4, 51, 66, 0.4), shades=[along(CHROME, 0.7)])
    _foot(lamp, bottom)
    draw_shade(lamp, top, bottom, narrow, wide)
    finial = ellipse(50, top - 4.6, 1.3, 1.3)
    canvas.draw(metal, rounded(49.3, top - 4, 50.7, top + 0.6, 0.4), finial, shades=[puff(0.6, 0.7)])
    if design.chance("cord", 0.5):
        x = 41.0 if lamp.turned else 59.0
        cord = ribbon([(x, bottom), (x, bottom + 11)], 0.5)
        canvas.draw(metal, cord, ellipse(x, bottom + 12, 1.2, 1.2), shades=[puff(0.5, 0.6)])


def _foot(lamp: Lamp, shade_bottom: float) -> None:
    kind = lamp.design.choose("foot", ("gourd", "ball", "column", "stack", "urn"))
    if kind == "ball":
        _ball(lamp)
    elif kind == "column":
        _column(lamp, shade_bottom)
    elif kind == "stack":
        _stack(lamp)
    else:
        _vase(lamp, kind)


def _ball(lamp: Lamp) -> None:
    canvas, y = lamp.canvas, _GROUND
    canvas.draw(lamp.metal, rounded(42, y - 4, 58, y, 1), shades=[along(CHROME, 0.6)])
    canvas.draw(lamp.design.second.rgb, ellipse(50, y - 18, 15, 15), shades=[ball(0.9), puff(4, 0.5)])
    canvas.draw(lamp.metal, rounded(47, y - 35, 53, y - 31.5, 0.8), shades=[along(CHROME, 0.6)])


def _column(lamp: Lamp, shade_bottom: float) -> None:
    canvas, metal, y = lamp.canvas, lamp.metal, _GROUND
    plate = [*ellipse(50, y - 3, 16, 2.6, 180, 360), *ellipse(50, y - 1, 16, 2.6, 0, 180)]
    canvas.draw(metal, plate, shades=[barrel(0.9)])
    canvas.draw(lighter(metal, 0.12), ellipse(50, y - 3, 16, 2.6), shades=[fall(0.2, -0.1)])
    canvas.draw(metal, rounded(48.4, shade_bottom, 51.6, y - 3, 0.6), shades=[along(CHROME, 0.9)])


def _stack(lamp: Lamp) -> None:
    y, glaze = _GROUND, lamp.design.second.rgb
    for radius, tone in ((11.0, glaze), (8.6, lamp.design.accent.rgb), (6.4, glaze)):
        bead = ellipse(50, y - radius * 0.85, radius * 1.15, radius * 0.85)
        lamp.canvas.draw(tone, bead, shades=[ball(0.8), puff(3, 0.5)])
        y -= radius * 1.62


def _vase(lamp: Lamp, kind: str) -> None:
    canvas, y = lamp.canvas, _GROUND
    right = Pen(50, y).line((59, y), (59.5, y - 2))
    if kind == "gourd":
        right.curve((71, y - 16), (69, y - 23), (56, y - 25)).bend((53, y - 28), (57, y - 32))
        right.bend((56, y - 39), (52, y - 41))
    else:
        right.bend((62, y - 10), (67, y - 26)).bend((67, y - 35), (54, y - 37)).line((53, y - 41))
    light = [barrel(0.8), puff(3, 0.4), fall(0.1, -0.15)]
    body = canvas.draw(lamp.design.second.rgb, right.line((50, y - 41)).mirrored(), shades=light)
    if lamp.design.chance("bands", 0.5):
        for at in (y - 10, y - 14):
            band = canvas.mask(ribbon(bow((20, at - 1), (50, at + 3), (80, at - 1)), 1.2))
            canvas.fill(band.within(body), lamp.design.accent.rgb, barrel(0.6))
    gloss = smooth([(42, y - 20), (44, y - 22), (43, y - 8), (41.5, y - 11)])
    canvas.fill(canvas.mask(gloss).within(body), (255, 255, 255), opacity=0.3)
