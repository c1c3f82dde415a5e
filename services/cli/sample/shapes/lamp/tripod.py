"""Tripod lamps: a drum on three wooden legs."""

from __future__ import annotations

from services.cli.sample.drawing.geometry import ellipse
from services.cli.sample.drawing.palette import OAK, WALNUT, darker, mix
from services.cli.sample.drawing.shading import grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import wood
from services.cli.sample.shapes.lamp.lamp import Lamp, draw_shade


def draw_tripod(lamp: Lamp) -> None:
    canvas, design = lamp.canvas, lamp.design
    timbers = (OAK, WALNUT, mix(OAK, (235, 220, 190), 0.4), (58, 54, 54))
    timber = design.choose("timber", timbers)
    rear = 54.0 if lamp.turned else 46.0
    for foot, width, tone in ((rear, 2.4, darker(timber, 0.25)), (29.0, 2.8, timber), (71.0, 2.8, timber)):
        leg = ribbon([(50 + (foot - 50) * 0.08, 44), (foot, 95)], width, width * 0.7)
        canvas.draw(tone, leg, shades=[puff(0.9, 0.6), grained(wood(), 0.15)])
    canvas.draw(lamp.metal, ellipse(50, 58, 3.2, 2.2), shades=[puff(1, 0.7)])
    wide = design.between("wide", 25, 30)
    draw_shade(lamp, 8, 44, wide * design.between("narrow", 0.7, 1.0), wide)
