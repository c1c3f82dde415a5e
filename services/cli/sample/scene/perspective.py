"""The projective map between a square and a quadrilateral."""

from __future__ import annotations

from collections.abc import Sequence

from services.cli.sample.drawing.geometry import Point


def perspective(quad: Sequence[Point], side: int) -> tuple[float, ...]:
    """Pillow's eight coefficients that take a square of `side` pixels to a quadrilateral.

    The quadrilateral's corners stand clockwise from the one that the upper left becomes. After Heckbert,
    "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    return (
        (x1 - x0 + g * x1) / side, (x3 - x0 + h * x3) / side, x0,
        (y1 - y0 + g * y1) / side, (y3 - y0 + h * y3) / side, y0,
        g / side, h / side,
    )  # fmt: skip
