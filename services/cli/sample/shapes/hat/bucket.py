"""Bucket hats: a short crown over a sloping, stitched brim."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import ellipse, rounded, shift
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import barrel, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.hat.hat import Hat, draw_stitches, felt

_TOP, _LOW = 27.0, 56.0


def draw_bucket(hat: Hat) -> None:
    _skirt(hat)
    canvas, design = hat.canvas, hat.design
    right = Pen(50, _TOP).line((66, _TOP)).bend((70.5, _TOP), (71.5, _TOP + 5)).line((76, _LOW))
    body = canvas.mask(right.bend((60, _LOW + 5), (50, _LOW + 5)).mirrored())
    canvas.cast(body, 0.8, 0.35)
    canvas.fill(body, hat.paint, barrel(0.45), *felt(4))
    lid = bow((30, _TOP + 3.4), (50, _TOP + 8.5), (70, _TOP + 3.4))
    draw_stitches(hat, design.color, body, lid, shift(lid, 0, 1.6))
    if design.chance("ribbon", 0.4):
        band = ribbon(bow((24, _LOW - 5), (50, _LOW + 5), (76, _LOW - 5)), 4)
        canvas.fill(canvas.mask(band).within(body), design.second.rgb, barrel(0.5))
    x = 34 if hat.turned else 66
    canvas.draw(darker(design.color, 0.55), ellipse(x, 40, 0.9, 0.9), ellipse(x, 45, 0.9, 0.9))
    if design.pattern == "plain" and not hat.turned and design.chance("patch", 0.6):
        canvas.draw(design.second.rgb, rounded(44, 43, 56, 50, 1), shades=[puff(0.7, 0.4)], cast=0.3)
        canvas.draw(design.accent.rgb, ellipse(50, 46.5, 2, 2))


def _skirt(hat: Hat) -> None:
    edge, wide = hat.design.between("brim", 75, 80), hat.design.between("wide", 38, 42)
    right = (
        Pen(50, _LOW - 1).bend((66, _LOW - 1), (76, _LOW - 3)).bend((84, edge - 10), (50 + wide, edge - 4))
    )
    right.bend((50 + wide * 0.7, edge + 4), (50, edge + 4))
    light = [puff(4, 0.5), grained(cloth(), 0.07), fall(0.16, -0.2)]
    skirt = hat.canvas.draw(hat.paint, right.mirrored(), shades=light)
    rows = []
    for i in range(1, 6):
        half = 27 + (wide - 26) * i / 6
        y = _LOW + (edge - _LOW) * i / 6
        rows.append(bow((50 - half, y - 3.5), (50, y + 8), (50 + half, y - 3.5)))
    draw_stitches(hat, hat.design.color, skirt, *rows)
