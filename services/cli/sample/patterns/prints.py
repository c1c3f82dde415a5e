"""Large printed pictures, as on the chest of a T-shirt."""

from __future__ import annotations

import math
from collections.abc import Callable

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path, ellipse, shift, stamped
from services.cli.sample.drawing.palette import Rgb, mix
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.patterns.emblems import HEART, LEAF, STAR, blossom

_Place = tuple[float, float, float]
"""Middle x and y, and half the size."""


def print_motif(canvas: Canvas, design: Design, x: float, y: float, size: float) -> None:
    """Prints the design's own picture about (x, y), reaching `size` units each way."""
    design.choose("motif", _MOTIFS)(canvas, design, (x, y, size))


def _at(place: _Place, points: list[tuple[float, float]]) -> Path:
    return stamped(points, *place)


def _disc(place: _Place, dx: float, dy: float, radius: float) -> Path:
    x, y, size = place
    return ellipse(x + dx * size, y + dy * size, radius * size, radius * size)


def _sun(canvas: Canvas, design: Design, place: _Place) -> None:
    ray = [(-0.08, -1.0), (0.08, -1.0), (0.05, -0.68), (-0.05, -0.68)]
    canvas.draw(
        design.second.rgb, _disc(place, 0, 0, 0.58), *[stamped(ray, *place, a) for a in range(0, 360, 24)]
    )
    bars = []
    for i in range(3):
        top = 0.07 + 0.16 * i
        half = math.sqrt(0.58**2 - top**2)
        bars.append(
            _at(place, [(-half, top), (half, top), (half * 0.97, top + 0.06), (-half * 0.97, top + 0.06)])
        )
    canvas.draw(design.accent.rgb, *bars)


def _peaks(canvas: Canvas, design: Design, place: _Place) -> None:
    second = design.second.rgb
    frame = canvas.draw(mix(second, design.color, 0.72), _disc(place, 0, 0, 1))
    canvas.draw(design.accent.rgb, _disc(place, 0.3, -0.35, 0.26))
    for color, ridge in (
        (mix(second, design.color, 0.25), [(-1.0, 1.0), (0.35, -0.25), (1.4, 1.0)]),
        (second, [(-1.4, 1.0), (-0.3, -0.45), (0.8, 1.0)]),
    ):
        canvas.fill(canvas.mask(_at(place, ridge)).within(frame), color)
    snow = [(-0.53, -0.1), (-0.3, -0.45), (-0.07, -0.1), (-0.2, -0.18), (-0.3, -0.04), (-0.42, -0.18)]
    canvas.draw(design.color, _at(place, snow))


def _rings(canvas: Canvas, design: Design, place: _Place) -> None:
    colors: tuple[Rgb, ...] = (design.second.rgb, design.accent.rgb)
    for i, (dx, dy) in enumerate(((-0.4, 0.0), (0.4, 0.0))):
        canvas.fill(canvas.mask(_disc(place, dx, dy, 0.56), cut=[_disc(place, dx, dy, 0.38)]), colors[i])


def _heart(canvas: Canvas, design: Design, place: _Place) -> None:
    x, y, size = place
    canvas.draw(design.second.rgb, stamped(HEART, x, y, size * 0.85))
    canvas.draw(design.accent.rgb, stamped(HEART, x, y, size * 0.42))


def _star(canvas: Canvas, design: Design, place: _Place) -> None:
    x, y, size = place
    canvas.draw(design.second.rgb, stamped(STAR, x, y, size))
    canvas.draw(design.accent.rgb, stamped(STAR, x, y, size * 0.5))


def _bloom(canvas: Canvas, design: Design, place: _Place) -> None:
    x, y, size = place
    stem = ribbon([(x, y + size), (x + size * 0.08, y)], size * 0.09)
    canvas.draw((84, 138, 92), stem, stamped(LEAF, x + size * 0.3, y + size * 0.6, size * 0.34, 50))
    canvas.draw(design.second.rgb, *blossom(x, y - size * 0.25, size * 0.7, 0))
    canvas.draw(design.accent.rgb, _disc(place, 0, -0.25, 0.2))


def _sail(canvas: Canvas, design: Design, place: _Place) -> None:
    hull = smooth([(-0.9, 0.52), (0.9, 0.52), (0.5, 0.9), (-0.5, 0.9)])
    mainsail = [(-0.06, -1.0), (-0.06, 0.4), (-0.75, 0.4)]
    canvas.draw(design.second.rgb, _at(place, mainsail), _at(place, hull))
    canvas.draw(design.accent.rgb, _at(place, [(0.06, -0.7), (0.06, 0.4), (0.6, 0.4)]))


def _bolt(canvas: Canvas, design: Design, place: _Place) -> None:
    bolt = _at(place, [(0.2, -1.0), (-0.6, 0.15), (-0.05, 0.15), (-0.25, 1.0), (0.6, -0.25), (0.05, -0.25)])
    canvas.draw(design.accent.rgb, shift(bolt, 0.1 * place[2], 0.08 * place[2]))
    canvas.draw(design.second.rgb, bolt)


_MOTIFS: tuple[Callable[[Canvas, Design, _Place], None], ...] = (
    _sun,
    _peaks,
    _rings,
    _heart,
    _star,
    _bloom,
    _sail,
    _bolt,
)
