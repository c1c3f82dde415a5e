"""Dining chairs: upholstered, or with a slatted back."""

from __future__ import annotations

from services.cli.sample.drawing.palette import darker
from services.cli.sample.shapes.chair.chair import Chair, draw_back, draw_leg, draw_seat

_HALF, _DEPTH, _HEIGHT = 19.0, 18.0, 42.0


def draw_dining(chair: Chair) -> None:
    design, timber = chair.design, chair.timber
    x, z = _HALF - 2, -_DEPTH
    for side in (-1, 1):
        draw_leg(chair, darker(timber, 0.2), (side * x, _HEIGHT, z + 2), (side * (x + 3), 0, z - 5), 3.4, 2.2)
    high = design.between("back", 80, 90)
    for side in (-1, 1):
        draw_leg(chair, timber, (side * x, high - 6, z - 6), (side * x, _HEIGHT - 2, z + 1.5), 2.6, 3.0)
    if design.chance("slats", 0.4):
        for low in (54.0, 65.0, 76.0):
            draw_back(chair, timber, _HALF - 1, low, low + 6.5, z - (low - _HEIGHT) * 0.14, 1, 1.4, 1.5)
    else:
        low = _HEIGHT + design.between("gap", 8, 18)
        draw_back(chair, chair.paint, _HALF, low, high, z - 2, 5, 4, 6)
    draw_seat(chair, chair.paint, _HALF + 1, _DEPTH + 1, _HEIGHT + 3, 5, 5)
    for side in (-1, 1):
        top, foot = (side * x, _HEIGHT - 2, _DEPTH - 2), (side * (x + 2.5), 0.0, _DEPTH + 1)
        draw_leg(chair, timber, top, foot, 3.6, 2.2)
