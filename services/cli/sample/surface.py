"""Flat patterns bent round a product's body."""

from __future__ import annotations

import math

from PIL import Image

from services.cli.sample.canvas import Canvas, Paint

_STRIPS = 16


def wrapped(canvas: Canvas, paint: Paint, middle: float, half: float, sag: float) -> Paint:
    """A pattern round an upright cylinder seen from above: denser at its sides, hanging `sag` units in front."""
    if not isinstance(paint, Image.Image):
        return paint
    mesh = []
    unit, size = canvas.unit, canvas.size
    edges = [-1 + 2 * i / _STRIPS for i in range(_STRIPS + 1)]

    def source(edge: float) -> tuple[float, float]:
        x = (middle + half * math.asin(edge) * 0.9) * unit
        return x, sag * math.sqrt(1 - edge * edge) * unit

    for a, b in zip(edges, edges[1:], strict=False):
        box = (round((middle + half * a) * unit), 0, round((middle + half * b) * unit), size)
        (xa, ya), (xb, yb) = source(a), source(b)
        mesh.append((box, (xa, -ya, xa, size - ya, xb, size - yb, xb, -yb)))
    return paint.transform(paint.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
