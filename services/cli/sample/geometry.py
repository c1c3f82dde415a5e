"""Outlines in canvas units: x to the right and y down, 0..100 across the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Path = list[Point]

_STEPS = 20  # straight pieces to a curve
_BERNSTEIN = [
    ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
    for t in (step / _STEPS for step in range(1, _STEPS + 1))
]


class Pen:
    """Traces an outline of straight lines and Bézier curves."""

    def __init__(self, x: float, y: float) -> None:
        self.path: Path = [(x, y)]

    def line(self, *points: Point) -> Pen:
        self.path.extend(points)
        return self

    def curve(self, control: Point, end: Point, *, second: Point | None = None) -> Pen:
        """Adds a Bézier curve: quadratic, or cubic with a `second` control point."""
        start = self.path[-1]
        if second is None:
            first = _between(start, control, 2 / 3)
            last = _between(end, control, 2 / 3)
        else:
            first, last = control, second
        self.path.extend(
            (
                a * start[0] + b * first[0] + c * last[0] + d * end[0],
                a * start[1] + b * first[1] + c * last[1] + d * end[1],
            )
            for a, b, c, d in _BERNSTEIN
        )
        return self

    def mirrored(self, axis: float = 50.0) -> Path:
        """The outline closed by its own reflection about the vertical line x = axis."""
        return self.path + flip(self.path, axis)[::-1]


def _between(a: Point, b: Point, share: float) -> Point:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0.0, stop: float = 360.0) -> Path:
    """An ellipse or its arc, in degrees clockwise from three o'clock."""
    steps = max(4, round(min(72.0, 9 + 2.4 * max(rx, ry)) * abs(stop - start) / 360))
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> Path:
    """A rectangle with round corners."""
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = (
        (right - radius, top + radius, 270),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    return [point for x, y, a in corners for point in ellipse(x, y, radius, radius, a, a + 90)]


def smooth(points: Sequence[Point], *, closed: bool = True) -> Path:
    """A Catmull-Rom curve through all points."""
    count = len(points)
    path: Path = []
    for i in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            a, b, c, d = (points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        path.extend(
            (p * a[0] + q * b[0] + r * c[0] + s * d[0], p * a[1] + q * b[1] + r * c[1] + s * d[1])
            for p, q, r, s in _CATMULL_ROM
        )
    return path if closed else [*path, points[-1]]


_CATMULL_ROM = [
    ((-t + 2 * t * t - t**3) / 2, (2 - 5 * t * t + 3 * t**3) / 2, (t + 4 * t * t - 3 * t**3) / 2, (t**3 - t * t) / 2)
    for t in (step / 8 for step in range(8))
]


def ribbon(line: Sequence[Point], width: float, end_width: float | None = None) -> Path:
    """The outline of a stroke along a line, its width running from `width` to `end_width`."""
    last = len(line) - 1
    end_width = width if end_width is None else end_width
    left: Path = []
    right: Path = []
    for i, (x, y) in enumerate(line):
        before, after = line[max(i - 1, 0)], line[min(i + 1, last)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        half = (width + (end_width - width) * i / last) / 2
        nx, ny = -dy / length * half, dx / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def strap(line: Sequence[Point], width: float) -> list[Path]:
    """A stroke with round ends."""
    first, last = line[0], line[-1]
    return [ribbon(line, width), *(ellipse(x, y, width / 2, width / 2) for x, y in (first, last))]


def dashes(line: Sequence[Point], dash: float, gap: float, width: float) -> list[Path]:
    """A seam: short strokes along a line."""
    spans = [math.dist(a, b) for a, b in zip(line, line[1:], strict=False)]
    marks: list[Point] = []  # starts and ends of the strokes in turn
    walked, due = 0.0, 0.0
    for a, b, span in zip(line, line[1:], spans, strict=False):
        while due <= walked + span and span:
            marks.append(_between(a, b, (due - walked) / span))
            due += gap if len(marks) % 2 == 0 else dash
        walked += span
    return [ribbon(ends, width) for ends in zip(marks[::2], marks[1::2], strict=False)]


def flip(path: Sequence[Point], axis: float = 50.0) -> Path:
    return [(2 * axis - x, y) for x, y in path]


def shift(path: Sequence[Point], dx: float, dy: float) -> Path:
    return [(x + dx, y + dy) for x, y in path]


def turn(path: Sequence[Point], degrees: float, x: float = 50.0, y: float = 50.0) -> Path:
    """The path turned clockwise about (x, y)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in path]


def scaled(path: Sequence[Point], factor: float, x: float = 50.0, y: float = 50.0) -> Path:
    return [(x + (px - x) * factor, y + (py - y) * factor) for px, py in path]


def stamped(outline: Sequence[Point], x: float, y: float, size: float, degrees: float = 0.0) -> Path:
    """A unit outline about (0, 0), enlarged, turned clockwise and moved to (x, y)."""
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    return [(x + px * c - py * s, y + px * s + py * c) for px, py in outline]
