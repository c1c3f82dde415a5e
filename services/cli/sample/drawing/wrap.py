"""Flat patterns bent round a product's body."""

from __future__ import annotations

import math
from itertools import pairwise

from PIL import Image

from services.cli.sample.drawing.canvas import Canvas, Paint

_STRIPS = 16
# Less than a quarter turn each way, so that the pattern is not squeezed to nothing at the sides.
_SQUEEZE = 0.9


def wrapped(canvas: Canvas, paint: Paint, middle: float, half: float, sag: float) -> Paint:
    """A pattern round an upright cylinder seen from above: denser at its sides, lower by `sag` in front."""
    if not isinstance(paint, Image.Image):
        return paint
    unit, size = canvas.unit, canvas.size

    def source(edge: float) -> tuple[float, float]:
        return (middle + half * math.asin(edge) * _SQUEEZE) * unit, -sag * math.sqrt(1 - edge * edge) * unit

    mesh = []
    for a, b in pairwise(-1 + 2 * i / _STRIPS for i in range(_STRIPS + 1)):
        box = (round((middle + half * a) * unit), 0, round((middle + half * b) * unit), size)
        (xa, ya), (xb, yb) = source(a), source(b)
        mesh.append((box, (xa, ya, xa, size + ya, xb, size + yb, xb, yb)))
    return paint.transform(paint.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
