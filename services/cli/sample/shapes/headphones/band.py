"""The headband with its sliders, and a headset's microphone."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, rounded
from services.cli.sample.drawing.palette import darker, lighter, luma
from services.cli.sample.drawing.shading import CHROME, along, fall, grained, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.drawing.texture import leather, mesh
from services.cli.sample.shapes.headphones.set import FAR, NEAR, Headset


def draw_band(headset: Headset) -> None:
    design = headset.design
    top = design.between("top", 10, 15)
    (x0, y0), (x1, y1) = FAR, NEAR
    arc = Pen(x0 - 2, y0 - 12).curve((x0 - 5, 30), (33, top), (50, top))
    arc.curve((66, top), (x1 + 7, 30), (x1 + 4, y1 - 12))
    sliders = ([(x0 - 3.4, y0 - 24), (x0 - 1, y0 + 2)], [(x1 + 4.8, y1 - 24), (x1 + 2.4, y1 + 2)])
    for slider in sliders:
        headset.draw(headset.metal, ribbon(slider, 2.2), shades=[along(CHROME, 0.7)])
    if headset.foam:
        headset.draw(headset.metal, ribbon(arc.path, 2.6), shades=[puff(0.9, 0.9)])
        headset.draw(design.color, ribbon(arc.path[12:-12], 4.4), shades=[puff(1.4, 0.6)], cast=0.3)
    else:
        _padded(headset, arc.path)


def _padded(headset: Headset, arc: Path) -> None:
    design = headset.design
    width = design.between("band", 6, 8.5)
    headset.draw(design.color, ribbon(arc, width * 0.8), shades=[puff(2, 0.6), fall(0.12, -0.1)])
    tone = design.choose("band tone", (design.second.rgb, darker(design.color, 0.3), design.color))
    light = [puff(2.2, 0.6), grained(leather(), 0.06)]
    headset.draw(tone, ribbon(arc[10:-10], width), shades=light, cast=0.4)
    thread = lighter(tone, 0.5) if luma(tone) < 150 else darker(tone, 0.3)
    seam = headset.canvas.mask(*dashes(headset.side(arc[10:-10]), 1.1, 0.8, 0.35))
    headset.canvas.fill(seam, thread, opacity=0.7)
    if design.cut == "gaming headset":
        rings = [ribbon(part, width * 0.84) for part in (arc[4:9], arc[-9:-4])]
        headset.draw(design.accent.rgb, *rings, shades=[puff(1.6, 0.5)])


def draw_microphone(headset: Headset) -> None:
    x, y = FAR
    boom = Pen(x - 6, y + 6).curve((x - 4, y + 24), (x + 2, y + 26), (x + 20, y + 24)).path
    headset.draw((58, 58, 64), ribbon(boom, 1.8), shades=[puff(0.7, 0.6)])
    tip = [(18, 21.5), (27, 21), (28.5, 24), (27, 27), (18, 26.5)]
    foam = smooth([(x + dx, y + dy) for dx, dy in tip])
    headset.draw((44, 44, 48), foam, shades=[puff(1.4, 0.6), grained(mesh(), 0.2)])
    headset.draw(headset.design.accent.rgb, rounded(x + 17, y + 21.6, x + 18.6, y + 26.4, 0.6))
