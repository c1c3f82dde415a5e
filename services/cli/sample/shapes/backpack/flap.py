"""The front of flap backpacks: two pockets under a lid with leather straps."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen
from services.cli.sample.drawing.geometry import ellipse, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker, lighter
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.strokes import dashes
from services.cli.sample.drawing.texture import cloth, leather
from services.cli.sample.shapes.backpack.pack import Pack, draw_badge, draw_buckle, draw_pocket


def draw_flap(pack: Pack, body: Mask) -> None:
    canvas, design = pack.canvas, pack.design
    half, top, bottom = pack.half, pack.top, pack.bottom
    sides = (50 - half * 0.5, 50 + half * 0.5)
    for x in sides:
        pocket = rounded(x - half * 0.4, bottom - 27, x + half * 0.4, bottom - 4, 3)
        draw_pocket(pack, pocket, darker(design.color, 0.1))
    drop = top + (bottom - top) * design.between("flap", 0.48, 0.58)
    _lid(pack, drop)
    for x in sides:
        strap = rounded(x - 2.1, top + 16, x + 2.1, drop + 12, 1.2)
        canvas.draw(pack.hide, strap, shades=[puff(0.7, 0.5), grained(leather(), 0.08)], cast=0.8)
        draw_buckle(pack, x, drop + 4)
        canvas.draw(darker(pack.hide, 0.6), *[ellipse(x, drop + dy, 0.4, 0.4) for dy in (-4, -2, 8.5)])
    draw_badge(pack, 50, (top + drop) / 2 + 4)


def _lid(pack: Pack, drop: float) -> None:
    design, half, top = pack.design, pack.half, pack.top
    right = Pen(50, top - 1).bend((50 + half * 0.9, top - 1), (50 + half * 1.01, top + 13))
    right.line((50 + half * 1.02, drop - 8)).bend((50 + half, drop), (50 + half - 9, drop)).line(
        (50, drop + 1)
    )
    tones = (design.second.rgb, lighter(design.color, 0.05), design.color)
    tone = design.choose("flap tone", tones)
    light = [puff(4, 0.45), grained(cloth(), 0.08), fall(0.1, -0.06)]
    lid = pack.canvas.draw(tone, right.mirrored(), shades=light, cast=1.6)
    left, low = 50 - half, drop - 1.6
    edge = Pen(left + 1.5, drop - 9).bend((left + 2, low), (left + 10, low)).line((90 - left, low))
    edge.bend((98 - left, low), (98.5 - left, drop - 9))
    seam = pack.canvas.mask(*dashes(edge.path, 1.0, 0.6, 0.32)).within(lid)
    pack.canvas.fill(seam, lighter(tone, 0.4), opacity=0.7)
