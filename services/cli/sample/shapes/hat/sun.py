"""Sun hats: tinted straw with a wide brim and a scarf."""

from __future__ import annotations

from services.cli.sample.drawing.canvas import Paint
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import ellipse
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import Rgb, darker, mix
from services.cli.sample.drawing.shading import along, barrel, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import straw
from services.cli.sample.shapes.hat.hat import Hat, brim

_STRAW: Rgb = (226, 196, 142)
_Y = 66.0


def draw_sun(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    tone = mix(_STRAW, design.color, 0.62)
    _brim(hat, tone)
    top = design.between("top", 28, 33)
    right = Pen(50, top).curve((72, top), (73, top + 8), (75, _Y - 2)).bend((64, _Y + 5), (50, _Y + 5.5))
    body = canvas.mask(right.mirrored())
    canvas.cast(body, 1.4, 0.4)
    canvas.fill(body, tone, puff(5, 0.45), grained(straw(), 0.55), barrel(0.4))
    _scarf(hat, body)


def _brim(hat: Hat, tone: Rgb) -> None:
    canvas, design = hat.canvas, hat.design
    wide, deep = design.between("wide", 45, 48), design.between("deep", 13, 17)
    light = [puff(3, 0.4), grained(straw(), 0.55), fall(0.12, -0.16)]
    mask = canvas.draw(tone, brim(_Y, wide, deep, design.between("curl", -2, 2)), shades=light)
    rings = [ribbon(ellipse(50, _Y + 0.5, wide * share, deep * share), 0.6) for share in (0.72, 0.86)]
    canvas.fill(canvas.mask(*rings).within(mask), darker(tone, 0.5), opacity=0.3)
    if design.chance("edge", 0.5):
        edge = ribbon(ellipse(50, _Y, wide - 1.2, deep - 0.6), 1.7)
        canvas.fill(canvas.mask(edge).within(mask), design.color)


def _scarf(hat: Hat, body: Mask) -> None:
    canvas, design = hat.canvas, hat.design
    paint: Paint = hat.paint if design.pattern != "plain" else design.second.rgb
    band = ribbon(bow((22, _Y - 8), (50, _Y + 4.5), (78, _Y - 8)), 9)
    canvas.fill(canvas.mask(band).within(body), paint, barrel(0.55), puff(1.2, 0.4))
    x, outward = (69.0, 1) if hat.turned else (31.0, -1)
    tails = [
        ribbon(bow((x, _Y), (x + outward * 9, _Y + 3), (x + outward * dx, _Y + dy)), 2.2, 5)
        for dx, dy in ((16, 11), (10, 16))
    ]
    canvas.draw(paint, *tails, shades=[puff(1, 0.5)], cast=0.7)
    loops = []
    for dx in (-9.0, 9.0):
        loop = (
            Pen(x, _Y - 2)
            .bend((x + dx, _Y - 10), (x + dx * 1.1, _Y - 1))
            .bend((x + dx * 0.6, _Y + 3), (x, _Y - 2))
        )
        loops.append(loop.path)
    canvas.draw(paint, *loops, shades=[puff(1, 0.5)], cast=0.5)
    knot = [puff(1, 0.6), along(((0, 0.1), (1, -0.1)))]
    canvas.draw(darker(design.color, 0.1), ellipse(x, _Y - 2, 2, 2.4), shades=knot)
