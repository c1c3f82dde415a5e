"""A chair being drawn, and the parts that all kinds share."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas, Paint, Shade
from services.cli.sample.drawing.palette import Rgb
from services.cli.sample.drawing.shading import fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth, leather, wood
from services.cli.sample.shapes.chair.eye import Eye, Spot, hull


@dataclass(frozen=True, slots=True)
class Chair:
    canvas: Canvas
    design: Design
    eye: Eye
    timber: Rgb
    paint: Paint


def upholstered(design: Design, depth: float) -> list[Shade]:
    skin = leather() if design.chance("leather", 0.4) else cloth()
    return [puff(depth, 0.5), grained(skin, 0.07), fall(0.08, -0.12)]


def draw_leg(chair: Chair, tone: Rgb, top: Spot, foot: Spot, width: float, thin: float) -> None:
    """A stick, `width` units thick at its top and `thin` at its foot."""
    eye = chair.eye
    stick = ribbon([eye.see(*top), eye.see(*foot)], width * eye.scale, thin * eye.scale)
    chair.canvas.draw(tone, stick, shades=[puff(0.9, 0.6), grained(wood(), 0.16)])


def draw_seat(
    chair: Chair, paint: Paint, half: float, depth: float, y: float, thick: float, corner: float
) -> None:
    top, low = (chair.eye.lying(half, depth, at, corner) for at in (y, y - thick))
    shadowed = [fall(-0.2, -0.42), grained(cloth(), 0.07)]
    chair.canvas.draw(paint, *hull(top, low), shades=shadowed, cast=1.0)
    chair.canvas.draw(paint, top, shades=upholstered(chair.design, 2.4))


def draw_back(
    chair: Chair, paint: Paint, half: float, low: float, high: float, z: float, lean: float, thick: float,
    corner: float,
) -> None:  # fmt: skip
    front, rear = (chair.eye.standing(half, low, high, at, lean, corner) for at in (z, z - thick))
    shadowed = [fall(-0.1, -0.4), grained(cloth(), 0.07)]
    chair.canvas.draw(paint, *hull(front, rear), shades=shadowed, cast=0.8)
    chair.canvas.draw(paint, front, shades=upholstered(chair.design, 3))
