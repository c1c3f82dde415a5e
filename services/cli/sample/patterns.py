"""Printed and woven patterns, as pictures of the whole canvas in a design's colours."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

from PIL import Image

from services.cli.sample.canvas import Canvas, Paint
from services.cli.sample.design import Design
from services.cli.sample.geometry import Path, ellipse, ribbon, smooth, stamped
from services.cli.sample.palette import Rgb, lighter, mix

Layers = list[tuple[Rgb, list[Path]]]

# Unit outlines, to be stamped.
LEAF = smooth([(0, -1), (0.34, -0.1), (0, 1), (-0.34, -0.1)])
PETAL = ellipse(0, -0.62, 0.36, 0.52)
HEART = [
    (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16)
    for t in (i / 30 * 2 * math.pi for i in range(30))
]
STAR = [
    ((1, 0.42)[i % 2] * math.sin(i * math.pi / 5), -(1, 0.42)[i % 2] * math.cos(i * math.pi / 5))
    for i in range(10)
]


def pattern(canvas: Canvas, design: Design, *, scale: float = 1.0) -> Paint:
    """The design's pattern; `scale` enlarges its motifs. A plain design is one colour."""
    layers = _layers(design, scale)
    if not layers:
        return design.color
    picture = Image.new("RGB", (canvas.size, canvas.size), design.color)
    for color, paths in layers:
        mask = canvas.mask(*paths)
        picture.paste(color, (mask.left, mask.top), mask.image)
    return picture


@functools.lru_cache(maxsize=4)  # a product is drawn up to three times in a row
def _layers(design: Design, scale: float) -> Layers:
    make = _PATTERNS.get(design.pattern)
    return make(design, scale) if make else []


def _bars(width: float, gap: float, start: float = 0.0) -> list[Path]:
    count = int((100 - start) / (width + gap)) + 1
    tops = [start + i * (width + gap) for i in range(count)]
    return [[(0, y), (100, y), (100, y + width), (0, y + width)] for y in tops]


def _stripes(design: Design, scale: float) -> Layers:
    width = design.between("stripe", 2.6, 5.5) * scale
    gap = width * design.choose("gap", (0.8, 1.0, 1.6))
    return [(design.second.rgb, _bars(width, gap, design.between("start", 0, width)))]


def _pinstripes(design: Design, scale: float) -> Layers:
    width = 1.1 * scale
    return [(design.second.rgb, _bars(width, width * design.between("gap", 2.2, 3.2)))]


def _uprights(design: Design, scale: float) -> Layers:
    width = design.between("stripe", 1.6, 4) * scale
    bars = _bars(width, width * 1.4)
    return [(design.second.rgb, [[(y, x) for x, y in bar] for bar in bars])]


def _checks(design: Design, scale: float) -> Layers:
    width = design.between("check", 2.4, 4.2) * scale
    rows = _bars(width, width)
    columns = [[(y, x) for x, y in bar] for bar in rows]
    tops = [bar[0][1] for bar in rows]
    squares = [[(x, y), (x + width, y), (x + width, y + width), (x, y + width)] for x in tops for y in tops]
    half = mix(design.color, design.second.rgb, 0.5)
    return [(half, rows + columns), (design.second.rgb, squares)]


def _tartan(design: Design, scale: float) -> Layers:
    step = 14 * scale
    wide, fine = _bars(step * 0.42, step * 0.58), _bars(0.8 * scale, step - 0.8 * scale, step * 0.7)

    def crossed(bars: list[Path]) -> list[Path]:
        return bars + [[(y, x) for x, y in bar] for bar in bars]

    tops = [bar[0][1] for bar in wide]
    side = step * 0.42
    squares = [[(x, y), (x + side, y), (x + side, y + side), (x, y + side)] for x in tops for y in tops]
    return [
        (mix(design.color, design.second.rgb, 0.4), crossed(wide)),
        (mix(design.color, design.second.rgb, 0.8), squares),
        (design.accent.rgb, crossed(fine)),
    ]


def _grid(step: float) -> list[tuple[float, float]]:
    """Places in rows that are shifted by half a step every other time."""
    rows = int(100 / (step * 0.87)) + 2
    return [(x * step + (y % 2) * step / 2, y * step * 0.87) for y in range(rows) for x in range(int(100 / step) + 2)]


def _scattered(design: Design, step: float) -> list[tuple[float, float, float]]:
    """Loose places with an angle each."""
    rng = design.rng("scatter")
    jitter = step * 0.22
    return [
        (x + rng.uniform(-jitter, jitter), y + rng.uniform(-jitter, jitter), rng.uniform(0, 360))
        for x, y in _grid(step)
    ]


def _dots(design: Design, scale: float) -> Layers:
    step = design.between("dots", 5.5, 10) * scale
    radius = step * design.between("dot", 0.2, 0.3)
    return [(design.second.rgb, [ellipse(x, y, radius, radius) for x, y in _grid(step)])]


def _speckle(design: Design, scale: float) -> Layers:
    rng = design.rng("speckle")
    tone = mix(design.color, design.second.rgb, 0.75)

    def specks(count: int, low: float, high: float) -> list[Path]:
        return [
            ellipse(rng.uniform(0, 100), rng.uniform(0, 100), size, size * rng.uniform(0.6, 1), 0, 360)
            for size in (rng.uniform(low, high) * scale for _ in range(count))
        ]

    return [(tone, specks(420, 0.15, 0.5)), (design.accent.rgb, specks(60, 0.2, 0.6))]


def _terrazzo(design: Design, scale: float) -> Layers:
    rng = design.rng("chips")
    layers: Layers = []
    for color in (design.second.rgb, design.accent.rgb, mix(design.color, design.second.rgb, 0.5)):
        chips: list[Path] = []
        for _ in range(70):
            x, y, size = rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(0.8, 2.4) * scale
            corners = sorted(rng.uniform(0, 2 * math.pi) for _ in range(5))
            chips.append([(x + size * math.cos(a), y + size * math.sin(a)) for a in corners])
        layers.append((color, chips))
    return layers


def blossom(x: float, y: float, size: float, angle: float) -> list[Path]:
    return [stamped(PETAL, x, y, size, angle + i * 72) for i in range(5)]


def _floral(design: Design, scale: float) -> Layers:
    step = design.between("flowers", 9, 13) * scale
    size = step * 0.34
    places = _scattered(design, step)
    return [
        (mix((74, 122, 82), design.color, 0.25), [stamped(LEAF, x + size, y + size * 0.9, size * 0.8, a) for x, y, a in places]),
        (design.second.rgb, [p for x, y, a in places for p in blossom(x, y, size, a)]),
        (design.accent.rgb, [ellipse(x, y, size * 0.26, size * 0.26) for x, y, _ in places]),
    ]


def _leaves(design: Design, scale: float) -> Layers:
    step = design.between("leaves", 7, 11) * scale
    places = _scattered(design, step)
    tone = mix(design.second.rgb, design.color, 0.35)
    return [
        (design.second.rgb, [stamped(LEAF, x, y, step * 0.42, a) for x, y, a in places]),
        (tone, [stamped(LEAF, x + step * 0.3, y + step * 0.3, step * 0.3, a + 70) for x, y, a in places]),
    ]


def _zigzag(design: Design, scale: float) -> Layers:
    step = design.between("zigzag", 6, 9) * scale
    colors = (design.second.rgb, design.accent.rgb)
    layers: Layers = []
    for which, color in enumerate(colors):
        lines: list[Path] = []
        for row in range(which, int(110 / step) + 1, 2):
            y = row * step
            line = [(x * step * 0.5, y + (x % 2) * step * 0.5) for x in range(int(210 / step) + 2)]
            lines.append(ribbon(line, step * 0.3))
        layers.append((color, lines))
    return layers


def _waves(design: Design, scale: float) -> Layers:
    step = design.between("waves", 7, 10) * scale
    arcs: list[Path] = []
    for x, y in _grid(step):
        for radius in (0.5, 0.34, 0.18):
            arcs.append(ribbon(ellipse(x, y, step * radius, step * radius, 180, 360), step * 0.07))
    return [(design.second.rgb, arcs)]


def _hearts(design: Design, scale: float) -> Layers:
    step = design.between("hearts", 8, 11) * scale
    return [(design.second.rgb, [stamped(HEART, x, y, step * 0.24) for x, y in _grid(step)])]


def _stars(design: Design, scale: float) -> Layers:
    step = design.between("stars", 8, 12) * scale
    return [(design.second.rgb, [stamped(STAR, x, y, step * 0.26, a) for x, y, a in _scattered(design, step)])]


def _block(design: Design, scale: float) -> Layers:
    edge = design.between("edge", 44, 58)
    return [(design.second.rgb, [[(0, edge), (100, edge), (100, 100), (0, 100)]])]


_PATTERNS: dict[str, Callable[[Design, float], Layers]] = {
    "striped": _stripes,
    "pinstriped": _pinstripes,
    "upright-striped": _uprights,
    "checked": _checks,
    "tartan": _tartan,
    "dotted": _dots,
    "speckled": _speckle,
    "terrazzo": _terrazzo,
    "floral": _floral,
    "leafy": _leaves,
    "zigzag": _zigzag,
    "wave": _waves,
    "heart": _hearts,
    "star": _stars,
    "two-tone": _block,
}
