"""The front of hiking packs: lid, panel, compression straps and sometimes a bedroll."""

from __future__ import annotations

from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.strokes import strap
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.backpack.pack import Pack, draw_badge, draw_buckle, draw_pocket, draw_zip


def draw_hiking(pack: Pack, body: Mask) -> None:
    canvas, design, half, bottom = pack.canvas, pack.design, pack.half, pack.bottom
    base = [(0, bottom - 20), (50, bottom - 17), (100, bottom - 20), (100, 100), (0, 100)]
    low = canvas.mask(base).within(body)
    canvas.fill(low, design.second.rgb, puff(3, 0.5), grained(cloth(), 0.1), fall(0, -0.2))
    panel = [(-0.55, 42.0), (0.55, 42.0), (0.62, bottom - 24), (-0.62, bottom - 24)]
    draw_pocket(pack, smooth(_across(pack, panel)), darker(design.color, 0.12))
    draw_zip(pack, [(50.0, 43.0), (50.0, bottom - 30)])
    _lid(pack)
    for side in (-1, 1):
        x = 50 + side * half * 0.6
        canvas.draw(pack.webbing, rounded(x - 1.3, 30, x + 1.3, 52, 0.5), shades=[puff(0.5, 0.5)], cast=0.6)
        draw_buckle(pack, x, 41)
        for y in (56.0, 66.0):
            line = _across(pack, [(side * 0.58, y), (side * 0.98, y - 3)])
            canvas.draw(pack.webbing, *strap(line, 1.2), cast=0.3)
    if design.chance("bedroll", 0.55):
        _bedroll(pack)
    draw_badge(pack, 50, pack.top + 7.5)


def _across(pack: Pack, points: list[tuple[float, float]]) -> Path:
    """x as a share of half the pack's width."""
    return [(50 + pack.half * share, y) for share, y in points]


def _lid(pack: Pack) -> None:
    top = pack.top
    right = [(0.5, top - 2), (1.0, top + 6), (1.02, 32.0), (0.8, 36.0)]
    outline = smooth(_across(pack, right + [(-share, y) for share, y in reversed(right)]))
    tone = pack.design.choose("lid", (pack.design.second.rgb, lighter(pack.design.color, 0.08)))
    light = [puff(4, 0.5), grained(cloth(), 0.08), fall(0.12, -0.1)]
    pack.canvas.draw(tone, outline, shades=light, cast=1.6)
    draw_zip(pack, _across(pack, [(-0.6, 26.0), (0.55, 26.0)]))


def _bedroll(pack: Pack) -> None:
    half, bottom = pack.half, pack.bottom
    mat = rounded(50 - half - 4, bottom - 6, 50 + half + 4, bottom + 4, 4.5)
    pack.canvas.draw(pack.design.accent.rgb, mat, shades=[puff(2.5, 0.5), fall(0.2, -0.3)], cast=1)
    for x in (50 - half * 0.6, 50 + half * 0.6):
        band = rounded(x - 1.2, bottom - 7, x + 1.2, bottom + 4.6, 0.5)
        pack.canvas.draw(pack.webbing, band, shades=[fall(0.2, -0.3)])
