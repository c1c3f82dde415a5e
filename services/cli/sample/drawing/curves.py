"""Smooth lines: Bézier curves drawn with a pen, and splines through points."""

from __future__ import annotations

from collections.abc import Sequence

from services.cli.sample.drawing.geometry import Path, Point, between, flip

_BEZIER_STEPS = 20
_BERNSTEIN = [
    ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
    for t in (step / _BEZIER_STEPS for step in range(1, _BEZIER_STEPS + 1))
]

_SPLINE_STEPS = 8
_CATMULL_ROM = [
    (
        (-t + 2 * t * t - t**3) / 2,
        (2 - 5 * t * t + 3 * t**3) / 2,
        (t + 4 * t * t - 3 * t**3) / 2,
        (t**3 - t * t) / 2,
    )
    for t in (step / _SPLINE_STEPS for step in range(_SPLINE_STEPS))
]


class Pen:
    """Traces an outline of straight lines and Bézier curves."""

    def __init__(self, x: float, y: float) -> None:
        self.path: Path = [(x, y)]

    def line(self, *points: Point) -> Pen:
        self.path.extend(points)
        return self

    def bend(self, control: Point, end: Point) -> Pen:
        """A quadratic Bézier curve."""
        start = self.path[-1]
        return self.curve(between(start, control, 2 / 3), between(end, control, 2 / 3), end)

    def curve(self, first: Point, second: Point, end: Point) -> Pen:
        """A cubic Bézier curve."""
        start = self.path[-1]
        self.path.extend(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
            for a, b, c, d in _BERNSTEIN
        )
        return self

    def mirrored(self, axis: float = 50.0) -> Path:
        """The outline closed by its own reflection about the vertical line x = axis."""
        return self.path + flip(self.path, axis)[::-1]


def bow(start: Point, control: Point, end: Point) -> Path:
    """A quadratic Bézier curve on its own."""
    return Pen(*start).bend(control, end).path


def smooth(points: Sequence[Point], *, closed: bool = True) -> Path:
    """A Catmull-Rom spline through all points."""
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
