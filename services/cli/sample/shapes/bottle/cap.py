"""What closes a bottle: screw caps, spouts, cups and stoppers."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, ellipse, flip, rounded
from services.cli.sample.drawing.palette import OAK, STEEL, WHITE, Rgb, darker, lighter
from services.cli.sample.drawing.shading import CHROME, along, barrel, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import wood
from services.cli.sample.shapes.bottle.bottle import TILT, Bottle

_CORK: Rgb = (204, 160, 112)
_RUBBER: Rgb = (206, 72, 60)


def draw_screw(bottle: Bottle) -> None:
    canvas, tone, half = bottle.canvas, _tone(bottle), bottle.neck + 0.6
    base = bottle.rim
    top = base - bottle.design.between("cap height", 7, 10)
    kind = bottle.design.choose("grip", ("loop", "ribs", "bamboo"))
    if kind == "loop":
        loop = Pen(50 - half * 0.8, top + 2)
        loop.curve((50 - half * 0.9, top - 12), (50 + half * 0.9, top - 12), (50 + half * 0.8, top + 2))
        canvas.draw(tone, ribbon(loop.path, 2.4), shades=[puff(0.9, 0.6)])
    _lid(bottle, OAK if kind == "bamboo" else tone, half, top, base)
    if kind == "bamboo":
        canvas.draw(darker(OAK, 0.3), ribbon(_front(top + 2, half), 0.8))
        face = ellipse(50, top, half - 0.4, half * TILT - 0.2)
        canvas.draw(lighter(OAK, 0.25), face, shades=[grained(wood(), 0.2)])
    elif kind == "ribs":
        places = [50 + half * share for share in (-0.8, -0.6, -0.36, -0.12, 0.12, 0.36, 0.6, 0.8)]
        ribs = [rounded(x - 0.3, top + 1.6, x + 0.3, base + 0.4, 0.3) for x in places]
        canvas.fill(canvas.mask(*ribs), darker(tone, 0.6), opacity=0.5)


def draw_spout(bottle: Bottle) -> None:
    canvas, tone, half, base = bottle.canvas, _tone(bottle), bottle.neck + 1.5, bottle.rim
    _lid(bottle, tone, half, base - 7, base)
    pen = Pen(50 + half * 0.9, base - 4).curve(
        (60 + half, base - 8), (56 + half, base - 22), (50 + half * 0.2, base - 19)
    )
    canvas.draw(tone, ribbon(_side(bottle, pen.path), 2.6), shades=[puff(1, 0.6)])
    canvas.draw(lighter(tone, 0.5), rounded(46.4, base - 19, 53.6, base - 6, 2.4), shades=[barrel(0.8)])
    canvas.draw(darker(tone, 0.2), ellipse(50, base - 7, 6, 1.2), shades=[barrel(0.5)])


def draw_cup(bottle: Bottle) -> None:
    canvas, tone, half, base = bottle.canvas, _tone(bottle), bottle.neck + 0.8, bottle.rim
    top = base - bottle.design.between("cup", 15, 19)
    if bottle.design.chance("carry", 0.5):
        x = 49 + half
        grip = Pen(x, base - 12).curve((x + 12, base - 10), (x + 13, base + 20), (x, base + 22))
        canvas.draw(darker(tone, 0.3), ribbon(_side(bottle, grip.path), 3), shades=[puff(1.1, 0.6)])
    _lid(bottle, tone, half, top, base)
    for y in (top + 3.5, base - 2):
        canvas.fill(canvas.mask(ribbon(_front(y, half), 0.7)), darker(tone, 0.5), opacity=0.6)


def draw_stopper(bottle: Bottle) -> None:
    """A swing stopper, or a cork in a glass lip."""
    canvas, neck, base = bottle.canvas, bottle.neck, bottle.rim
    if bottle.design.chance("swing", 0.4):
        plug = [
            *ellipse(50, base - 5, neck * 0.9, 1.4, 180, 360),
            *ellipse(50, base - 0.4, neck * 0.95, 1.2, 0, 180),
        ]
        canvas.draw(WHITE, plug, shades=[barrel(0.7)])
        x = 50 + neck
        bend = [(50 + neck * 0.5, base - 5), (x + 2, base - 2), (x + 1, base + 6), (x - 0.5, base + 4)]
        wire = ribbon(smooth(bend, closed=False), 0.9)
        for path in (wire, flip(wire)):
            canvas.draw(STEEL, path, shades=[puff(0.4, 0.7)])
        canvas.draw(_RUBBER, rounded(50 - neck, base - 0.6, 50 + neck, base + 1, 0.6), shades=[barrel(0.7)])
        return
    cork = [*ellipse(50, base - 9, neck * 1.02, 1.5, 180, 360), *ellipse(50, base, neck * 0.9, 1.2, 0, 180)]
    canvas.draw(_CORK, cork, shades=[barrel(0.7), grained(wood(), 0.12)])
    canvas.draw(lighter(_CORK, 0.2), ellipse(50, base - 9, neck, 1.4))
    lip = [*ellipse(50, base, neck + 1, 1.3, 180, 360), *ellipse(50, base + 2, neck + 1, 1.3, 0, 180)]
    canvas.draw(lighter(bottle.design.color, 0.4), lip, shades=[barrel(0.8)])


def _tone(bottle: Bottle) -> Rgb:
    design = bottle.design
    return design.choose("cap", (design.second.rgb, (64, 64, 70), STEEL, design.accent.rgb))


def _side(bottle: Bottle, path: Path) -> Path:
    return flip(path) if bottle.turned else path


def _front(y: float, half: float) -> Path:
    return ellipse(50, y, half, half * TILT, 0, 180)


def _lid(bottle: Bottle, tone: Rgb, half: float, top: float, base: float) -> None:
    outline = [*ellipse(50, top, half, half * TILT, 180, 360), *_front(base, half)]
    light = along(CHROME, 0.6) if tone == STEEL else barrel(0.9)
    bottle.canvas.draw(tone, outline, shades=[light], cast=0.6)
    face = ellipse(50, top, half - 0.4, half * TILT - 0.2)
    bottle.canvas.draw(lighter(tone, 0.15), face, shades=[fall(0.15, -0.1)])
