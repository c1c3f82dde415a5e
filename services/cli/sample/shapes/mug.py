"""Mugs, seen a little from above."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, smooth
from services.cli.sample.drawing.geometry import Path, ellipse, flip
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import WHITE, Rgb, darker, lighter
from services.cli.sample.drawing.shading import along, barrel, fall, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.wrap import wrapped
from services.cli.sample.patterns.pattern import pattern

_TILT = 0.2  # height of the opening's ellipse to its width
_DRINKS: tuple[Rgb, ...] = ((86, 52, 34), (178, 128, 88), (142, 92, 40), (120, 140, 70))

# cut: half widths at the top and at the bottom, height, bulge
_BODIES = {
    "straight mug": (26.0, 26.0, 60.0, 0.0),
    "tapered mug": (28.0, 20.0, 62.0, 0.0),
    "barrel mug": (25.0, 23.0, 56.0, 7.0),
    "cappuccino cup": (33.0, 18.0, 43.0, 4.0),
    "camp mug": (29.0, 28.0, 50.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class _Body:
    """Its middle, rim and foot, half widths, and the right edge from the rim down."""

    x: float
    top: float
    bottom: float
    wide: float
    slim: float
    bulge: float
    edge: Path

    @property
    def height(self) -> float:
        return self.bottom - self.top


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    body = _body(design, turned)
    _handle(canvas, design, body, turned)
    mask = _wall(canvas, design, body)
    gloss = [
        (body.x - body.wide * 0.66, body.top + 10),
        (body.x - body.wide * 0.52, body.top + 11),
        (body.x - body.slim * 0.5, body.bottom - 14),
        (body.x - body.slim * 0.62, body.bottom - 16),
    ]
    canvas.fill(canvas.mask(smooth(gloss)).within(mask), WHITE, opacity=0.16)
    _opening(canvas, design, body)


def _body(design: Design, turned: bool) -> _Body:
    wide, slim, height, bulge = _BODIES[design.cut]
    height *= design.between("height", 0.9, 1.1)
    x, top = 57.0 if turned else 43.0, 54 - height / 2
    bottom = top + height
    edge = Pen(x + wide, top)
    edge.curve(
        (x + wide + bulge, top + height * 0.35),
        (x + slim + bulge, bottom - height * 0.25),
        (x + slim, bottom - 4),
    )
    return _Body(x, top, bottom, wide, slim, bulge, edge.path)


def _wall(canvas: Canvas, design: Design, body: _Body) -> Mask:
    base = ellipse(body.x, body.bottom - 4, body.slim, body.slim * _TILT, 0, 180)
    outline = [*body.edge, *base, *flip(body.edge, body.x)[::-1]]
    rim = ellipse(body.x, body.top, body.wide, body.wide * _TILT)
    paint = wrapped(canvas, pattern(canvas, design), body.x, body.wide + body.bulge * 0.6, body.wide * _TILT)
    wall = canvas.fill(canvas.mask(outline, rim), paint, barrel(0.85), fall(0.08, -0.18))
    if design.pattern == "plain" and design.chance("dip", 0.5):
        edge = body.top + body.height * design.between("dip at", 0.5, 0.7)
        arc = ellipse(body.x, edge, body.wide + 9, (body.wide + 9) * _TILT, 180, 0)
        dip = canvas.mask([(0, edge), *arc, (100, edge), (100, 100), (0, 100)])
        canvas.fill(dip.within(wall), design.second.rgb, barrel(0.85), fall(0.05, -0.18))
    return wall


def _handle(canvas: Canvas, design: Design, body: _Body, turned: bool) -> None:
    reach = design.between("reach", 16, 19)
    x = body.edge[4][0] - 2
    y0 = body.top + body.height * 0.18
    y1 = body.top + body.height * design.between("handle", 0.62, 0.74)
    low = x if body.bulge > 5 else min(edge for edge, y in body.edge if y >= y1) - 1.5
    kind = design.choose("handle kind", ("round", "square", "ear"))
    if kind == "round":
        line = Pen(x, y0).curve((x + reach * 1.3, y0 - 3), (low + reach * 1.3, y1 + 3), (low, y1)).path
    elif kind == "square":
        corners = [(reach * 0.8, y0), (reach, y0 + 4), (reach * 0.9, y1 - 4), (reach * 0.7, y1)]
        line = smooth([(x, y0), *((x + dx, y) for dx, y in corners), (low, y1)], closed=False)
    else:
        line = Pen(x, y0).curve((x + reach * 1.7, y0 - 8), (low + reach * 0.7, y1 - 6), (low, y1)).path
    if turned:
        line = flip(line, body.x)
    canvas.draw(design.color, ribbon(line, design.between("thick", 4.4, 6)), shades=[puff(2, 0.8)])


def _opening(canvas: Canvas, design: Design, body: _Body) -> None:
    x, y, half = body.x, body.top, body.wide
    lip = darker(design.second.rgb, 0.1) if design.cut == "camp mug" else design.color
    inside = WHITE if design.chance("inside", 0.6) else lighter(design.second.rgb, 0.25)
    rim = ellipse(x, y, half, half * _TILT)
    canvas.draw(lighter(lip, 0.2), rim, shades=[along(((0, 0.3), (1, -0.1)))])
    well = ellipse(x, y + 0.25, half - 1.5, half * _TILT - 1)
    hollow = [along(((0, -0.5), (0.5, -0.15), (1, 0.1))), fall(-0.25, 0.1)]
    mask = canvas.draw(inside, well, shades=hollow)
    if design.chance("filled", 0.45):
        level = canvas.mask(ellipse(x, y + half * _TILT * 0.55, half - 3, half * _TILT - 1.4))
        canvas.fill(level.within(mask), design.choose("drink", _DRINKS), along(((0, -0.3), (1, 0.2))))


SHAPE = Shape(
    category="mug",
    cuts=tuple(_BODIES),
    patterns=(
        "plain", "striped", "dotted", "speckled", "plain", "terrazzo", "floral", "checked", "heart", "leafy",
        "zigzag",
    ),
    draw=draw,
    stands=True,
)  # fmt: skip
