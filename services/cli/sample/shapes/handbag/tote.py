"""Totes: open at the top, two handles."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import ellipse, rectangle, rounded
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.shapes.handbag.bag import Bag, draw_handle, draw_seams, skin


def draw_tote(bag: Bag) -> None:
    canvas, design, hide = bag.canvas, bag.design, bag.hide
    top, bottom = design.between("top", 40, 44), 90.0
    wide, slim = design.between("wide", 36, 41), design.between("slim", 28, 33)
    reach = design.between("reach", 4, 12)
    draw_handle(bag, darker(hide, 0.3), 14, top + 2, reach + 3, 2.6)
    inside = (
        Pen(50 - wide + 1, top)
        .bend((50, top - 4), (50 + wide - 1, top))
        .bend((50, top + 5), (51 - wide, top))
    )
    canvas.draw(darker(design.color, 0.55), inside.path)

    right = Pen(50, top + 2.4).bend((50 + wide * 0.6, top + 2), (50 + wide, top))
    right.bend((49 + (wide + slim) / 2, 66), (50 + slim, bottom - 3))
    right.bend((50 + slim - 1, bottom), (50 + slim - 5, bottom)).line((50, bottom + 0.6))
    rng = design.rng("sag")
    sag = []
    for x in (32.0, 58.0, 70.0):
        middle, end = (x + rng.uniform(-5, 5), 65.0), (x + rng.uniform(-8, 8), bottom - 4)
        sag.append(ribbon(bow((x, top + 4), middle, end), 0.4, 2.4))
    body = canvas.draw(bag.paint, right.mirrored(), shades=[*skin(), creases(sag, 1.6, 0.2)])
    if design.chance("base", 0.55):
        y = bottom - design.between("base height", 12, 20)
        canvas.fill(canvas.mask(rectangle(0, y, 100, 100)).within(body), hide, *skin(3))
        draw_seams(bag, hide, [(50 - wide + 6, y + 1.3), (50 + wide - 6, y + 1.3)])

    for x in (36.0, 64.0):
        tab = [
            (x - 2.2, top + 1),
            (x + 2.2, top + 1),
            (x + 2.2, top + 12),
            (x, top + 14),
            (x - 2.2, top + 12),
        ]
        canvas.draw(hide, tab, shades=skin(0.8), cast=0.5)
        canvas.draw(bag.metal, ellipse(x, top + 10.6, 0.8, 0.8), shades=[puff(0.4, 0.9)])
    draw_handle(bag, hide, 14, top + 6, reach, 2.8)
    if not bag.turned and design.chance("charm", 0.6):
        charm = rounded(62, top + 16, 67, top + 23, 1.2)
        cord = ribbon([(64, top + 4), (64.5, top + 17)], 0.8)
        canvas.draw(design.accent.rgb, charm, cord, shades=[puff(0.8, 0.5)], cast=0.7)
