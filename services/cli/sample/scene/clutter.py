"""Things that happen to lie about in a photo, near its corners."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path, Point, ellipse, rounded, shift, stamped, turn
from services.cli.sample.drawing.palette import Rgb, darker, lighter
from services.cli.sample.drawing.shading import along, fall, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.patterns.emblems import LEAF

# In canvas units; the photo shows x from 12.5 to 87.5.
LOWER_CORNERS: tuple[Point, ...] = ((15, 92), (85, 93))
CORNERS: tuple[Point, ...] = ((17, 9), (83, 8), *LOWER_CORNERS)


def scatter(canvas: Canvas, rng: random.Random, corners: Sequence[Point]) -> None:
    """Two or three things, each in a corner of its own."""
    count = min(len(corners), rng.choice((2, 2, 3)))
    things = rng.sample(_THINGS, count)
    for (x, y), thing in zip(rng.sample(list(corners), count), things, strict=True):
        thing(canvas, rng, (x + rng.uniform(-3, 3), y + rng.uniform(-3, 3)))


def _laid(rng: random.Random, at: Point, *paths: Path) -> list[Path]:
    """Outlines about (0, 0), moved to a place and turned any way."""
    degrees = rng.uniform(0, 360)
    return [turn(shift(path, *at), degrees, *at) for path in paths]


def _twig(canvas: Canvas, rng: random.Random, at: Point) -> None:
    tone: Rgb = rng.choice(((86, 126, 84), (120, 140, 92), (74, 110, 92)))
    line = smooth([(-16, 3), (-6, 0), (5, 1), (16, -2)], closed=False)
    spots = [(-12 + i * 5.5, -3.6 if i % 2 else 4.4, 60 if i % 2 else 120) for i in range(6)]
    leaves = [stamped(LEAF, x, y, 4.6, degrees) for x, y, degrees in spots]
    stem, *leaves = _laid(rng, at, ribbon(line, 0.8, 0.4), *leaves)
    canvas.draw(darker(tone, 0.4), stem, cast=0.8)
    canvas.draw(tone, *leaves, shades=[puff(1.2, 0.5)], cast=1)


def _paper(canvas: Canvas, rng: random.Random, at: Point) -> None:
    rows = [rounded(-10, y, 8, y + 0.5, 0.2) for y in range(-13, 14, 3)]
    sheet, *rows = _laid(rng, at, rounded(-13, -18, 13, 18, 0.4), *rows)
    canvas.draw((244, 242, 236), sheet, shades=[fall(0.04, -0.06)], cast=0.8)
    canvas.fill(canvas.mask(*rows), (120, 124, 132), opacity=0.5)


def _pencil(canvas: Canvas, rng: random.Random, at: Point) -> None:
    tone: Rgb = rng.choice(((224, 176, 62), (70, 118, 160), (190, 74, 64)))
    tip, lead = [(12.0, -1.0), (16.0, 0.0), (12.0, 1.0)], [(15.0, -0.3), (16.4, 0.0), (15.0, 0.3)]
    body, tip, lead = _laid(rng, at, rounded(-16, -1, 12, 1, 0.3), tip, lead)
    canvas.draw(tone, body, shades=[puff(0.6, 0.7)], cast=0.8)
    canvas.draw((224, 190, 148), tip)
    canvas.draw((60, 56, 56), lead)


def _book(canvas: Canvas, rng: random.Random, at: Point) -> None:
    tone: Rgb = rng.choice(((152, 84, 72), (82, 106, 128), (126, 132, 96), (186, 148, 96)))
    pages, cover = rounded(-12, -16, 12.6, 16.6, 0.6), rounded(-12.4, -16.4, 11.8, 16, 0.8)
    pages, cover, title = _laid(rng, at, pages, cover, rounded(-9, -10, 8, -6, 0.4))
    canvas.draw((236, 230, 218), pages, cast=1.4)
    canvas.draw(tone, cover, shades=[puff(0.8, 0.4)])
    canvas.draw(lighter(tone, 0.6), title)


def _phone(canvas: Canvas, rng: random.Random, at: Point) -> None:
    body, glass = rounded(-6.4, -13, 6.4, 13, 2), rounded(-5.8, -12.4, 5.8, 12.4, 1.5)
    body, glass, glare = _laid(rng, at, body, glass, [(-5.0, -12.0), (2.0, -12.0), (-5.0, 6.0)])
    canvas.draw((88, 90, 96), body, shades=[puff(0.6, 0.6)], cast=1)
    canvas.draw((40, 44, 52), glass)
    canvas.fill(canvas.mask(glare), (255, 255, 255), opacity=0.08)


def _coins(canvas: Canvas, rng: random.Random, at: Point) -> None:
    for _ in range(3):
        x, y = at[0] + rng.uniform(-6, 6), at[1] + rng.uniform(-6, 6)
        metal: Rgb = rng.choice(((190, 160, 96), (176, 178, 182), (176, 112, 78)))
        size = rng.uniform(2, 2.8)
        canvas.draw(metal, ellipse(x, y, size, size), shades=[puff(0.5, 0.7)], cast=0.5)
        face = ellipse(x, y, size * 0.74, size * 0.74)
        canvas.draw(lighter(metal, 0.12), face, shades=[puff(-0.4, 0.5)])


def _plate(canvas: Canvas, rng: random.Random, at: Point) -> None:
    glaze: Rgb = rng.choice(((236, 234, 228), (198, 206, 204), (222, 204, 190)))
    canvas.draw(glaze, ellipse(*at, 14, 14), shades=[puff(2, 0.4)], cast=1.4)
    canvas.draw(lighter(glaze, 0.2), ellipse(*at, 9.6, 9.6), shades=[puff(-1.4, 0.4)])
    for dx, dy in ((-2.5, 1), (3, -1.5)):
        cookie = ellipse(at[0] + dx, at[1] + dy, 3.6, 3.6)
        canvas.draw((188, 138, 86), cookie, shades=[puff(1.2, 0.6)], cast=0.5)


def _napkin(canvas: Canvas, rng: random.Random, at: Point) -> None:
    tone: Rgb = rng.choice(((196, 150, 138), (142, 160, 170), (206, 188, 150)))
    outline = [(-14, -13), (0, -14.4), (14, -13), (15, 0), (14, 13), (0, 14.2), (-14, 13), (-14.6, 0)]
    stripes = [rounded(x, -13.4, x + 1.2, 13.4, 0.2) for x in (-10, -7, 7, 10)]
    napkin, *stripes = _laid(rng, at, smooth(outline), *stripes)
    canvas.draw(tone, napkin, shades=[puff(2, 0.5), along(((0, 0.1), (1, -0.1)))], cast=1)
    canvas.fill(canvas.mask(*stripes), lighter(tone, 0.6), opacity=0.7)


_THINGS: tuple[Callable[[Canvas, random.Random, Point], None], ...] = (
    _twig,
    _paper,
    _pencil,
    _book,
    _phone,
    _coins,
    _plate,
    _napkin,
)
