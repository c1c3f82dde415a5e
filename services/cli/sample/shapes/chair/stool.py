"""Stools: four legs with rungs, of wood or metal."""

from __future__ import annotations

from services.cli.sample.drawing.palette import STEEL, darker
from services.cli.sample.shapes.chair.chair import Chair, draw_leg, draw_seat
from services.cli.sample.shapes.chair.eye import Spot

_CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1))  # the rear ones first


def draw_stool(chair: Chair) -> None:
    design = chair.design
    height, half = design.between("height", 54, 68), design.between("seat", 18, 21)
    metal = design.chance("metal", 0.35)
    tone = design.choose("metal tone", (STEEL, (56, 56, 60), (196, 160, 92))) if metal else chair.timber
    width, thin = (1.8, 1.8) if metal else (3.4, 2.4)
    tops: list[Spot] = [(x * half * 0.66, height, z * half * 0.66) for x, z in _CORNERS]
    feet: list[Spot] = [(x * (half + 2.5), 0.0, z * (half + 2.5)) for x, z in _CORNERS]

    def leg(i: int, shade: float) -> None:
        draw_leg(chair, darker(tone, shade), tops[i], feet[i], width, thin)

    def rung(a: int, b: int, share: float) -> None:
        ends = [_at(feet[i], tops[i], share) for i in (a, b)]
        draw_leg(chair, darker(tone, 0.1), ends[0], ends[1], width * 0.7, width * 0.7)

    leg(0, 0.25)
    leg(1, 0.25)
    for a, b in ((0, 1), (0, 2), (1, 3)):
        rung(a, b, 0.3)
    leg(2, 0.0)
    leg(3, 0.0)
    rung(2, 3, 0.38)
    thick = design.between("thick", 3.5, 8)
    draw_seat(
        chair, chair.paint, half, half, height + thick, thick, half if design.chance("round", 0.7) else 5
    )


def _at(foot: Spot, top: Spot, share: float) -> Spot:
    x, y, z = (low + (high - low) * share for low, high in zip(foot, top, strict=True))
    return (x, y, z)
