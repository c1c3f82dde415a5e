"""Small outlines about (0, 0) that reach one unit each way, to be stamped."""

from __future__ import annotations

import math

from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path, ellipse, stamped

LEAF: Path = smooth([(0, -1), (0.34, -0.1), (0, 1), (-0.34, -0.1)])

# x = sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t: the well-known heart curve.
HEART: Path = [
    (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16)
    for t in (i / 30 * 2 * math.pi for i in range(30))
]

STAR: Path = [
    (reach * math.sin(i * math.pi / 5), -reach * math.cos(i * math.pi / 5))
    for i, reach in enumerate((1.0, 0.42) * 5)
]

_PETAL = ellipse(0, -0.62, 0.36, 0.52)


def blossom(x: float, y: float, size: float, angle: float) -> list[Path]:
    """Five petals about (x, y)."""
    return [stamped(_PETAL, x, y, size, angle + i * 72) for i in range(5)]
