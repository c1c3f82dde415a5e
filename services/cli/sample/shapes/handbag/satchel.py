"""Satchels: a flap with a clasp; at the back a pocket."""

from __future__ import annotations

from services.cli.sample.drawing.canvas import Paint
from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, ellipse, rounded
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import CHROME, along, puff
from services.cli.sample.drawing.strokes import dashes
from services.cli.sample.shapes.handbag.bag import Bag, draw_handle, draw_ring, draw_seams, skin, thread

_TOP, _BOTTOM = 40.0, 84.0


def draw_satchel(bag: Bag) -> None:
    canvas, design = bag.canvas, bag.design
    half = design.between("half", 33, 38)
    draw_handle(bag, bag.hide, 10, _TOP + 1, design.between("reach", 12, 20), 3.4)
    for x in (39.5, 60.5):
        draw_ring(bag, x, _TOP + 0.6, 2.4)
    right = [(half - 3, _TOP + 3), (half, _BOTTOM - 8), (half - 4, _BOTTOM - 0.5)]
    outline: Path = [(50, _TOP - 1), *((50 + dx, y) for dx, y in right), (50, _BOTTOM + 0.4)]
    outline += [(50 - dx, y) for dx, y in reversed(right)]
    canvas.draw(bag.paint, smooth(outline), shades=skin())
    if not bag.turned:
        _flap(bag, half)
        return
    pocket = rounded(50 - half * 0.7, _TOP + 12, 50 + half * 0.7, _BOTTOM - 7, 3)
    canvas.draw(darker(design.color, 0.08), pocket, shades=skin(1.5), cast=0.6)
    draw_seams(bag, design.color, [(52 - half * 0.7, _TOP + 14), (48 + half * 0.7, _TOP + 14)])


def _flap(bag: Bag, half: float) -> None:
    canvas, design = bag.canvas, bag.design
    drop = _TOP + (_BOTTOM - _TOP) * design.between("drop", 0.5, 0.68)
    kind = design.choose("flap", ("round", "straight", "pointed"))
    right = (
        Pen(50, _TOP - 1.6)
        .line((46 + half, _TOP + 1.6))
        .bend((49.5 + half, _TOP + 3), (49.6 + half, _TOP + 9))
    )
    if kind == "round":
        right.curve((48 + half, drop), (50 + half * 0.5, drop + 4), (50, drop + 4))
    elif kind == "straight":
        right.line((49 + half, drop - 5)).bend((49 + half, drop), (43 + half, drop)).line((50, drop))
    else:
        right.line((48 + half, drop - 12)).line((50, drop + 5))
    tones: tuple[Paint, ...] = (bag.paint, bag.paint, bag.hide)
    flap = canvas.draw(design.choose("flap tone", tones), right.mirrored(), shades=skin(3), cast=1.3)
    inner = [(50 + (x - 50) * 0.955, _TOP + 2 + (y - _TOP - 2) * 0.95) for x, y in right.mirrored()]
    seam = [dash for dash in dashes(inner, 1.0, 0.7, 0.34) if dash[0][1] > _TOP + 6]
    canvas.fill(canvas.mask(*seam).within(flap), thread(design.color), opacity=0.75)
    _clasp(bag, 50, drop - 1 if kind == "straight" else drop)


def _clasp(bag: Bag, x: float, y: float) -> None:
    canvas, metal = bag.canvas, bag.metal
    kind = bag.design.choose("clasp", ("turn", "bar", "dome", "tongue"))
    if kind == "turn":
        plate = rounded(x - 4, y - 2.8, x + 4, y + 2.8, 0.9)
        canvas.draw(metal, plate, shades=[along(CHROME, 0.6), puff(0.6, 0.5)], cast=0.5)
        canvas.draw(darker(metal, 0.4), rounded(x - 0.7, y - 2, x + 0.7, y + 2, 0.6), cast=0.3)
    elif kind == "bar":
        bar = rounded(x - 7, y - 1.1, x + 7, y + 1.1, 1)
        canvas.draw(metal, bar, shades=[along(CHROME, 0.6), puff(0.5, 0.5)], cast=0.5)
    elif kind == "dome":
        canvas.draw(metal, ellipse(x, y, 3, 3), shades=[puff(1.2, 0.9)], cast=0.5)
    else:
        tongue = rounded(x - 3, y - 9, x + 3, y + 4, 2.4)
        canvas.draw(bag.design.accent.rgb, tongue, shades=skin(1), cast=0.5)
        canvas.draw(metal, ellipse(x, y + 1, 1.3, 1.3), shades=[puff(0.6, 0.8)])
