"""Plots as SVG text, in the colours of the page they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]

_WIDTH: Final = 360
_HEIGHT: Final = 260
_LEFT: Final = 46
_BOTTOM: Final = 40
_TOP: Final = 32
_LARGEST_DOT: Final = 9
_LONGEST_NAME: Final = 14
_RIGHT: Final = 12
_COLOURS: Final = ("var(--first)", "var(--second)", "var(--third)")


@dataclass(frozen=True)
class Line:
    name: str
    points: Points


@dataclass(frozen=True)
class Axes:
    """Names and ranges; a range of no width is widened."""

    across: str
    up: str
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point lies, in units of the drawing."""
        return (
            _LEFT + _share(point[0], self.x) * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - _share(point[1], self.y) * (_HEIGHT - _BOTTOM - _TOP - 8),
        )


@dataclass(frozen=True)
class Dot:
    """`size` is 0..1 of the largest."""

    at: tuple[float, float]
    size: float


def plot(
    title: str,
    axes: Axes,
    lines: Sequence[Line],
    *,
    faint: Sequence[Points] = (),
    dots: Sequence[Dot] = (),
    diagonal: bool = False,
) -> str:
    """An SVG element: at most three lines, the first in front, named below the title; others are faint."""
    drawn = [_frame(axes), _ticks(axes)]
    drawn += [f'<polyline class="faint" points="{_path(axes, points)}"/>' for points in faint]
    if diagonal:
        ends = ((axes.x[0], axes.y[0]), (axes.x[1], axes.y[1]))
        drawn.append(f'<polyline class="guide" points="{_path(axes, ends)}"/>')
    for line, colour in reversed(list(zip(lines, _COLOURS, strict=False))):
        drawn.append(f'<polyline class="line" stroke="{colour}" points="{_path(axes, line.points)}"/>')
    for dot in dots:
        x, y = axes.place(dot.at)
        radius = _LARGEST_DOT * max(dot.size, 0.15)
        drawn.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>')
    drawn.append(_names(lines))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text class="title" x="{_LEFT}" y="12">{escape(title)}</text>{"".join(drawn)}</svg>'
    )


def sketch(title: str, lines: Sequence[Points]) -> str:
    """A small square of 0..1 both ways, without words."""
    drawn = "".join(
        f'<polyline class="line" stroke="{colour}" points="'
        f'{" ".join(f"{x * 100:.1f},{100 - y * 100:.1f}" for x, y in points)}"/>'
        for points, colour in zip(lines, _COLOURS, strict=False)
    )
    frame = '<path class="axis" d="M0 0V100H100"/>'
    named = f'role="img" aria-label="{escape(title)}"'
    return f'<svg class="sketch" viewBox="-2 -2 104 104" {named}>{frame}{drawn}</svg>'


def _share(value: float, ends: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - ends[0]) / ((ends[1] - ends[0]) or 1.0)))


def _path(axes: Axes, points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(axes.place, points))


def _frame(axes: Axes) -> str:
    (left, bottom), (right, top) = axes.place((axes.x[0], axes.y[0])), axes.place((axes.x[1], axes.y[1]))
    middle = (bottom + top) / 2
    return (
        f'<path class="axis" d="M{left} {top}V{bottom}H{right}"/>'
        f'<text x="{(left + right) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(axes.across)}</text>'
        f'<text x="10" y="{middle}" text-anchor="middle" transform="rotate(-90 10 {middle})">'
        f"{escape(axes.up)}</text>"
    )


def _ticks(axes: Axes) -> str:
    marks = []
    for part in (0.0, 0.5, 1.0):
        x = axes.x[0] + part * (axes.x[1] - axes.x[0])
        y = axes.y[0] + part * (axes.y[1] - axes.y[0])
        across, up = axes.place((x, axes.y[0])), axes.place((axes.x[0], y))
        marks.append(
            f'<text x="{across[0]:.1f}" y="{across[1] + 14:.1f}" text-anchor="middle">{x:.3g}</text>'
        )
        marks.append(f'<text x="{up[0] - 5:.1f}" y="{up[1] + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    return "".join(marks)


def _names(lines: Sequence[Line]) -> str:
    if len(lines) < 2:
        return ""
    return "".join(
        f'<text x="{_LEFT + 100 * n}" y="{_TOP}" fill="{colour}">{escape(_short(line.name))}</text>'
        for n, (line, colour) in enumerate(zip(lines, _COLOURS, strict=False))
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
