"""Outlines in canvas units: x to the right and y down, 0..100 across the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Path = list[Point]


def between(a: Point, b: Point, share: float) -> Point:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0.0, stop: float = 360.0) -> Path:
    """An ellipse or its arc, in degrees clockwise from three o'clock."""
    steps = max(4, round(min(72.0, 9 + 2.4 * max(rx, ry)) * abs(stop - start) / 360))
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def rectangle(left: float, top: float, right: float, bottom: float) -> Path:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


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


def flip(path: Sequence[Point], axis: float = 50.0) -> Path:
    return [(2 * axis - x, y) for x, y in path]


def shift(path: Sequence[Point], dx: float, dy: float) -> Path:
    return [(x + dx, y + dy) for x, y in path]


def turn(path: Sequence[Point], degrees: float, x: float = 50.0, y: float = 50.0) -> Path:
    """The path turned clockwise about (x, y)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in path]


def stamped(outline: Sequence[Point], x: float, y: float, size: float, degrees: float = 0.0) -> Path:
    """A unit outline about (0, 0), enlarged, turned clockwise and moved to (x, y)."""
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    return [(x + px * c - py * s, y + px * s + py * c) for px, py in outline]
