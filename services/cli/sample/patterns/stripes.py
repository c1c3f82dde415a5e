"""Patterns of bars: stripes, checks, tartan, zigzags. Each gives layers of colour and outlines."""

from __future__ import annotations

from services.cli.sample.design import Design
from services.cli.sample.drawing.geometry import Path, rectangle
from services.cli.sample.drawing.palette import Rgb, mix
from services.cli.sample.drawing.strokes import ribbon

Layers = list[tuple[Rgb, list[Path]]]


def striped(design: Design, scale: float) -> Layers:
    width = design.between("stripe", 2.6, 5.5) * scale
    gap = width * design.choose("gap", (0.8, 1.0, 1.6))
    return [(design.second.rgb, _rows(width, gap, design.between("start", 0, width)))]


def pinstriped(design: Design, scale: float) -> Layers:
    width = 1.1 * scale
    return [(design.second.rgb, _rows(width, width * design.between("gap", 2.2, 3.2)))]


def upright_striped(design: Design, scale: float) -> Layers:
    width = design.between("stripe", 1.6, 4) * scale
    return [(design.second.rgb, _columns(_rows(width, width * 1.4)))]


def checked(design: Design, scale: float) -> Layers:
    width = design.between("check", 2.4, 4.2) * scale
    rows = _rows(width, width)
    half = mix(design.color, design.second.rgb, 0.5)
    return [(half, rows + _columns(rows)), (design.second.rgb, _crossings(rows, width))]


def tartan(design: Design, scale: float) -> Layers:
    step = 14 * scale
    wide = _rows(step * 0.42, step * 0.58)
    fine = _rows(0.8 * scale, step - 0.8 * scale, step * 0.7)
    return [
        (mix(design.color, design.second.rgb, 0.4), wide + _columns(wide)),
        (mix(design.color, design.second.rgb, 0.8), _crossings(wide, step * 0.42)),
        (design.accent.rgb, fine + _columns(fine)),
    ]


def zigzag(design: Design, scale: float) -> Layers:
    step = design.between("zigzag", 6, 9) * scale
    layers: Layers = []
    for first, color in enumerate((design.second.rgb, design.accent.rgb)):
        lines: list[Path] = []
        for row in range(first, int(110 / step) + 1, 2):
            line = [(x * step * 0.5, (row + (x % 2) * 0.5) * step) for x in range(int(210 / step) + 2)]
            lines.append(ribbon(line, step * 0.3))
        layers.append((color, lines))
    return layers


def two_tone(design: Design, scale: float) -> Layers:
    return [(design.second.rgb, [rectangle(0, design.between("edge", 44, 58), 100, 100)])]


def _rows(width: float, gap: float, start: float = 0.0) -> list[Path]:
    count = int((100 - start) / (width + gap)) + 1
    tops = [start + i * (width + gap) for i in range(count)]
    return [rectangle(0, y, 100, y + width) for y in tops]


def _columns(rows: list[Path]) -> list[Path]:
    return [[(y, x) for x, y in row] for row in rows]


def _crossings(rows: list[Path], width: float) -> list[Path]:
    tops = [row[0][1] for row in rows]
    return [rectangle(x, y, x + width, y + width) for x in tops for y in tops]
