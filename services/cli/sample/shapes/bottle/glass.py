"""The body of a glass bottle: tinted, half full, perhaps in a sleeve."""

from __future__ import annotations

from services.cli.sample.drawing.canvas import Paint
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import ellipse, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import WHITE, lighter, mix
from services.cli.sample.drawing.shading import Stops, along, barrel, fall
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.wrap import wrapped
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.bottle.bottle import BOTTOM, TILT, Bottle

_WALL: Stops = ((0, -0.5), (0.08, -0.1), (0.2, 0.35), (0.5, 0.15), (0.85, 0.1), (0.94, -0.2), (1, -0.55))
# share of half the width, width, opacity
_STREAKS = ((-0.72, 1.6, 0.5), (-0.5, 0.7, 0.35), (0.78, 1.0, 0.3))


def draw_glass(bottle: Bottle, body: Mask) -> None:
    canvas, design, half = bottle.canvas, bottle.design, bottle.half
    canvas.fill(body, lighter(design.color, 0.35), along(_WALL), fall(0.1, -0.1))
    level = bottle.shoulder + design.between("level", 4, 16)
    drink = mix(design.color, WHITE, 0.08)
    full = canvas.mask([*ellipse(50, level, half + 2, half * TILT, 180, 360), (70, 100), (30, 100)])
    depth = along(((0, -0.3), (0.2, 0.2), (0.6, 0), (1, -0.4)))
    canvas.fill(full.within(body), drink, depth, fall(0.1, -0.15))
    surface = canvas.mask(ellipse(50, level, half - 1, half * TILT))
    canvas.fill(surface.within(body), lighter(drink, 0.35))
    if design.pattern != "plain" or design.chance("sleeve", 0.6):
        _sleeve(bottle, body)
    _shine(bottle, body)


def _sleeve(bottle: Bottle, body: Mask) -> None:
    canvas, design, half = bottle.canvas, bottle.design, bottle.half
    top, low = design.between("sleeve at", 56, 62), BOTTOM - 8
    left, right = 49.5 - half, 50.5 + half
    pen = Pen(left, top).bend((50, top + half * TILT * 2), (right, top))
    outline = pen.line((right, low)).bend((50, low + half * TILT * 2), (left, low)).path
    paint: Paint = design.second.rgb
    if design.pattern != "plain":
        paint = wrapped(canvas, pattern(canvas, design, scale=0.7), 50, half, half * TILT)
    canvas.fill(canvas.mask(outline).within(body), paint, barrel(0.8))


def _shine(bottle: Bottle, body: Mask) -> None:
    canvas, half, neck, shoulder = bottle.canvas, bottle.half, bottle.neck, bottle.shoulder
    for share, width, opacity in _STREAKS:
        x = 50 + half * share
        streak = canvas.mask(rounded(x, shoulder + 3, x + width, BOTTOM - 9, 0.8))
        canvas.fill(streak.within(body), (255, 255, 255), opacity=opacity)
    start, end = (50 - neck * 0.6, shoulder - bottle.rise), (50 - half * 0.7, shoulder + 3)
    throat = canvas.mask(ribbon(bow(start, (50 - neck * 0.7, shoulder - 3), end), 1))
    canvas.fill(throat.within(body), (255, 255, 255), opacity=0.5)
