"""Patterns of repeated or strewn emblems. Each gives layers of colour and outlines."""

from __future__ import annotations

import math

from services.cli.sample.design import Design
from services.cli.sample.drawing.geometry import Path, Point, ellipse, stamped
from services.cli.sample.drawing.palette import Rgb, mix
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.patterns.emblems import HEART, LEAF, STAR, blossom
from services.cli.sample.patterns.stripes import Layers

_FOLIAGE: Rgb = (74, 122, 82)


def dotted(design: Design, scale: float) -> Layers:
    step = design.between("dots", 5.5, 10) * scale
    radius = step * design.between("dot", 0.2, 0.3)
    return [(design.second.rgb, [ellipse(x, y, radius, radius) for x, y in _grid(step)])]


def hearts(design: Design, scale: float) -> Layers:
    step = design.between("hearts", 8, 11) * scale
    return [(design.second.rgb, [stamped(HEART, x, y, step * 0.24) for x, y in _grid(step)])]


def stars(design: Design, scale: float) -> Layers:
    step = design.between("stars", 8, 12) * scale
    return [(design.second.rgb, [stamped(STAR, x, y, step * 0.26, a) for x, y, a in _strewn(design, step)])]


def waves(design: Design, scale: float) -> Layers:
    step = design.between("waves", 7, 10) * scale
    arcs = [
        ribbon(ellipse(x, y, step * radius, step * radius, 180, 360), step * 0.07)
        for x, y in _grid(step)
        for radius in (0.5, 0.34, 0.18)
    ]
    return [(design.second.rgb, arcs)]


def floral(design: Design, scale: float) -> Layers:
    step = design.between("flowers", 9, 13) * scale
    size = step * 0.34
    places = _strewn(design, step)
    leaves = [stamped(LEAF, x + size, y + size * 0.9, size * 0.8, a) for x, y, a in places]
    return [
        (mix(_FOLIAGE, design.color, 0.25), leaves),
        (design.second.rgb, [petal for x, y, a in places for petal in blossom(x, y, size, a)]),
        (design.accent.rgb, [ellipse(x, y, size * 0.26, size * 0.26) for x, y, _ in places]),
    ]


def leafy(design: Design, scale: float) -> Layers:
    step = design.between("leaves", 7, 11) * scale
    places = _strewn(design, step)
    small = [stamped(LEAF, x + step * 0.3, y + step * 0.3, step * 0.3, a + 70) for x, y, a in places]
    return [
        (design.second.rgb, [stamped(LEAF, x, y, step * 0.42, a) for x, y, a in places]),
        (mix(design.second.rgb, design.color, 0.35), small),
    ]


def speckled(design: Design, scale: float) -> Layers:
    rng = design.rng("speckle")

    def specks(count: int, low: float, high: float) -> list[Path]:
        sizes = [rng.uniform(low, high) * scale for _ in range(count)]
        return [
            ellipse(rng.uniform(0, 100), rng.uniform(0, 100), size, size * rng.uniform(0.6, 1))
            for size in sizes
        ]

    tone = mix(design.color, design.second.rgb, 0.75)
    return [(tone, specks(420, 0.15, 0.5)), (design.accent.rgb, specks(60, 0.2, 0.6))]


def terrazzo(design: Design, scale: float) -> Layers:
    rng = design.rng("chips")

    def chip() -> Path:
        x, y, size = rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(0.8, 2.4) * scale
        corners = sorted(rng.uniform(0, 2 * math.pi) for _ in range(5))
        return [(x + size * math.cos(a), y + size * math.sin(a)) for a in corners]

    colors = (design.second.rgb, design.accent.rgb, mix(design.color, design.second.rgb, 0.5))
    return [(color, [chip() for _ in range(70)]) for color in colors]


def _grid(step: float) -> list[Point]:
    """Places in rows that are shifted by half a step every other time."""
    rows, columns = int(100 / (step * 0.87)) + 2, int(100 / step) + 2
    return [((x + (y % 2) / 2) * step, y * step * 0.87) for y in range(rows) for x in range(columns)]


def _strewn(design: Design, step: float) -> list[tuple[float, float, float]]:
    """Loose places with an angle each."""
    rng = design.rng("scatter")
    stray = step * 0.22
    return [
        (x + rng.uniform(-stray, stray), y + rng.uniform(-stray, stray), rng.uniform(0, 360))
        for x, y in _grid(step)
    ]
