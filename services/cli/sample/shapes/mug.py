"""Mugs, seen a little from above."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, ellipse, flip, ribbon, smooth
from services.cli.sample.palette import WHITE, darker, lighter
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import along, barrel, fall, puff
from services.cli.sample.surface import wrapped

CUTS = ("straight mug", "tapered mug", "barrel mug", "cappuccino cup", "camp mug")

# cut: top half width, bottom half width, height, bulge
_BODIES = {
    "straight mug": (26, 26, 60, 0),
    "tapered mug": (28, 20, 62, 0),
    "barrel mug": (25, 23, 56, 7),
    "cappuccino cup": (33, 18, 43, 4),
    "camp mug": (29, 28, 50, 0),
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    top_half, bottom_half, height, bulge = _BODIES[design.cut]
    height *= design.between("height", 0.9, 1.1)
    top = 54 - height / 2
    bottom = top + height
    middle = 43.0 if not turned else 57.0
    tilt = 0.2
    right = (
        Pen(middle + top_half, top)
        .curve((middle + top_half + bulge, top + height * 0.35), (middle + bottom_half, bottom - 4),
               second=(middle + bottom_half + bulge, bottom - height * 0.25))
        .path
    )  # fmt: skip
    base = ellipse(middle, bottom - 4, bottom_half, bottom_half * tilt, 0, 180)
    outline: Path = [*right, *base, *flip(right, middle)[::-1]]
    rim = ellipse(middle, top, top_half, top_half * tilt)

    _handle(canvas, design, middle, top, height, right, turned)
    body = canvas.mask(outline, rim)
    paint = wrapped(canvas, pattern(canvas, design), middle, top_half + bulge * 0.6, top_half * tilt)
    canvas.fill(body, paint, barrel(0.85), fall(0.08, -0.18))
    if design.pattern == "plain" and design.chance("dip", 0.5):
        edge = top + height * design.between("dip at", 0.5, 0.7)
        dip = canvas.mask([(0, edge), *ellipse(middle, edge, top_half + 9, (top_half + 9) * tilt, 180, 0), (100, edge), (100, 100), (0, 100)])
        canvas.fill(dip.within(body), design.second.rgb, barrel(0.85), fall(0.05, -0.18))
    gloss = smooth([(middle - top_half * 0.66, top + 10), (middle - top_half * 0.52, top + 11), (middle - bottom_half * 0.5, bottom - 14), (middle - bottom_half * 0.62, bottom - 16)])
    canvas.fill(canvas.mask(gloss), WHITE, opacity=0.16)
    inside = WHITE if design.chance("inside", 0.6) else lighter(design.second.rgb, 0.25)
    _opening(canvas, design, middle, top, top_half, tilt, inside)


def _opening(canvas: Canvas, design: Design, x: float, y: float, half: float, tilt: float, inside: tuple[int, int, int]) -> None:
    lip = WHITE if design.cut == "camp mug" and design.main.name != "white" else design.color
    if design.cut == "camp mug":
        lip = darker(design.second.rgb, 0.1)
    canvas.draw(lighter(lip, 0.2), ellipse(x, y, half, half * tilt), shades=[along(((0, 0.3), (1, -0.1)))])
    well = canvas.draw(inside, ellipse(x, y + 0.25, half - 1.5, half * tilt - 1), shades=[along(((0, -0.5), (0.5, -0.15), (1, 0.1))), fall(-0.25, 0.1)])
    if design.chance("filled", 0.45):
        drink = design.choose("drink", ((86, 52, 34), (178, 128, 88), (142, 92, 40), (120, 140, 70)))
        level = canvas.mask(ellipse(x, y + half * tilt * 0.55, half - 3, half * tilt - 1.4)).within(well)
        canvas.fill(level, drink, along(((0, -0.3), (1, 0.2))))


def _handle(canvas: Canvas, design: Design, middle: float, top: float, height: float, right: Path, turned: bool) -> None:
    x = right[4][0] - 2
    reach = design.between("reach", 16, 19)
    y0, y1 = top + height * 0.18, top + height * design.between("handle", 0.62, 0.74)
    low = min(edge for edge, y in right if y >= y1) - 1.5 if design.cut != "barrel mug" else x
    kind = design.choose("handle kind", ("round", "square", "ear"))
    if kind == "round":
        line = Pen(x, y0).curve((x + reach * 1.3, y0 - 3), (low, y1), second=(low + reach * 1.3, y1 + 3)).path
    elif kind == "square":
        line = smooth([(x, y0), (x + reach * 0.8, y0), (x + reach, y0 + 4), (x + reach * 0.9, y1 - 4), (x + reach * 0.7, y1), (low, y1)], closed=False)
    else:
        line = Pen(x, y0).curve((x + reach * 1.7, y0 - 8), (low, y1), second=(low + reach * 0.7, y1 - 6)).path
    if turned:
        line = flip(line, middle)
    canvas.draw(design.color, ribbon(line, design.between("thick", 4.4, 6)), shades=[puff(2, 0.8)])


SHAPE = Shape(
    category="mug",
    cuts=CUTS,
    patterns=("plain", "striped", "dotted", "speckled", "plain", "terrazzo", "floral", "checked", "heart", "leafy", "zigzag"),
    draw=draw,
    stands=True,
)
