"""The front of roll-tops: a rolled rim held down by two straps."""

from __future__ import annotations

from services.cli.sample.drawing.geometry import rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.backpack.pack import Pack, draw_badge, draw_buckle, draw_zip


def draw_roll_top(pack: Pack, body: Mask) -> None:
    canvas, color = pack.canvas, pack.design.color
    half, top, bottom = pack.half, pack.top, pack.bottom
    band = canvas.mask(rounded(50 - half - 2, bottom - 24, 50 + half + 2, bottom + 3, 4)).within(body)
    canvas.fill(band, pack.design.second.rgb, puff(3, 0.5), grained(cloth(), 0.1), fall(0, -0.2))
    roll = rounded(50 - half * 0.95, top - 1, 50 + half * 0.95, top + 12, 6)
    light = [puff(3, 0.55), fall(0.15, -0.25), grained(cloth(), 0.08)]
    canvas.draw(lighter(color, 0.06), roll, shades=light, cast=1.4)
    canvas.draw(darker(color, 0.2), rounded(50 - half * 0.95, top + 5, 50 + half * 0.95, top + 6, 0.5))
    for x in (50 - half * 0.45, 50 + half * 0.45):
        strap = rounded(x - 1.8, top - 1, x + 1.8, top + 42, 0.6)
        canvas.draw(pack.webbing, strap, shades=[puff(0.6, 0.5)], cast=0.7)
        draw_buckle(pack, x, top + 26)
        tip = [(-1.8, 36), (1.8, 36), (1.8, 43), (0, 46), (-1.8, 43)]
        canvas.draw(pack.hide, [(x + dx, top + dy) for dx, dy in tip], shades=[puff(0.5, 0.5)], cast=0.3)
    draw_zip(pack, [(50 - half * 0.55, bottom - 36), (50 + half * 0.5, bottom - 36)])
    draw_badge(pack, 50, bottom - 13)
