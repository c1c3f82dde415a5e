"""The front of daypacks: an arched zip over a pocket."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow, smooth
from services.cli.sample.drawing.geometry import rectangle
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.texture import leather
from services.cli.sample.shapes.backpack.pack import Pack, draw_badge, draw_pocket, draw_seam, draw_zip


def draw_daypack(pack: Pack, body: Mask) -> None:
    design, half, top, bottom = pack.design, pack.half, pack.top, pack.bottom
    arc = Pen(50 - half * 0.93, top + 31)
    arc.curve((50 - half * 0.9, top + 5), (50 - half * 0.6, top + 5), (50, top + 5))
    arc.curve((50 + half * 0.6, top + 5), (50 + half * 0.9, top + 5), (50 + half * 0.93, top + 31))
    draw_zip(pack, arc.path)

    y = bottom - (bottom - top) * design.between("pocket", 0.4, 0.48)
    right = [(0.5, y), (0.76, y + 3), (0.8, bottom - 7), (0.66, bottom - 2.6)]
    outline = [(50 + half * share, at) for share, at in right]
    outline += [(50 - half * share, at) for share, at in reversed(right)]
    tones = (design.second.rgb, darker(design.color, 0.14), darker(design.color, 0.14))
    draw_pocket(pack, smooth(outline), design.choose("pocket tone", tones))
    draw_zip(pack, bow((50 - half * 0.68, y + 6), (50, y + 3), (50 + half * 0.6, y + 6)))
    if design.chance("base", 0.5):
        base = pack.canvas.mask(rectangle(0, bottom - 9, 100, 100)).within(body)
        pack.canvas.fill(base, pack.hide, puff(3, 0.5), grained(leather(), 0.08), fall(0, -0.2))
        draw_seam(pack, [(50 - half, bottom - 8), (50 + half, bottom - 8)])
    draw_badge(pack, 50, top + (y - top) * 0.6)
