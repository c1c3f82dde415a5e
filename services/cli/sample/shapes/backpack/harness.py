"""The side of a backpack that one wears: padding and shoulder straps."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import flip, rounded
from services.cli.sample.drawing.palette import darker, mix
from services.cli.sample.drawing.shading import grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.backpack.pack import Pack, draw_buckle


def draw_harness(pack: Pack) -> None:
    canvas, color = pack.canvas, pack.design.color
    half, top, bottom = pack.half, pack.top, pack.bottom
    right = [(50 + half * 0.7, top + 16), (50 + half * 0.74, bottom - 8)]
    pad = smooth([(50, top + 12), *right, (50, bottom - 5), *flip(right)[::-1]])
    tone = mix(darker(color, 0.35), (70, 70, 74), 0.3)
    canvas.draw(tone, pad, shades=[puff(3, 0.5), grained(cloth(), 0.16)])
    canvas.draw(darker(color, 0.6), ribbon([(50, top + 15), (50, bottom - 8)], 1.4))
    for mirrored in (False, True):
        _strap(pack, mirrored)
    chest = rounded(50 - half * 0.68, top + 30, 50 + half * 0.68, top + 32, 0.6)
    canvas.draw(pack.webbing, chest, cast=0.5)
    draw_buckle(pack, 50, top + 31)


def _strap(pack: Pack, mirrored: bool) -> None:
    canvas, design = pack.canvas, pack.design
    half, top, bottom = pack.half, pack.top, pack.bottom
    pen = Pen(50 + half * 0.28, top + 6)
    pen.curve((50 + half * 1.15, top + 22), (50 + half * 0.8, bottom - 30), (50 + half * 0.9, bottom - 8))
    line, web = pen.path, [(50 + half * 0.72, bottom - 26), (50 + half * 0.9, bottom - 4)]
    if mirrored:
        line, web = flip(line), flip(web)
    canvas.draw(pack.webbing, ribbon(web, 2), cast=0.5)
    tones = (design.color, darker(design.color, 0.2), design.second.rgb)
    light = [puff(2, 0.5), grained(cloth(), 0.1)]
    cushion = canvas.draw(design.choose("cushion", tones), ribbon(line, 7.5, 5), shades=light, cast=1.4)
    canvas.fill(canvas.mask(ribbon(line, 1.4)).within(cushion), pack.webbing)
