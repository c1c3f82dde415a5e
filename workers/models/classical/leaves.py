"""Pictures made of overlapping shapes, to learn from what pictures have in common without having any.

"Dead leaves" of random place, size and colour that hide one another share the second-order statistics of
photographs (Lee, Mumford and Huang, 2001). Half of ours stand, as a product does, before a plain background.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from workers.models.classical.grid import SIDE

_AXIS: Final = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE)
_CLUTTER_SHAPES: Final = (10, 40)
_PRODUCT_SHAPES: Final = (4, 16)
_SMALLEST: Final = 0.04  # radius, in sides
_MAX_BLUR: Final = 3


def dead_leaves(count: int, seed: int) -> Iterator[np.ndarray]:
    """`count` pictures (SIDE, SIDE, 3) uint8; the same for the same seed."""
    # RandomState and not Generator: NumPy promises (NEP 19) that its stream never changes.
    random = np.random.RandomState(seed)
    for _ in range(count):
        product = random.rand() < 0.5
        picture = np.empty((SIDE, SIDE, 3), np.float32)
        picture[:] = 0.9 + 0.1 * random.rand() if random.rand() < 0.5 else 0.9 * random.rand(3)
        for _ in range(random.randint(*(_PRODUCT_SHAPES if product else _CLUTTER_SHAPES))):
            _draw_shape(picture, random, product=product)
        for _ in range(random.randint(_MAX_BLUR)):
            _blur(picture)
        yield (picture * 255).astype(np.uint8)


def _draw_shape(picture: np.ndarray, random: np.random.RandomState, *, product: bool) -> None:
    """An ellipse or a rectangle, upright or turned, shaded, plain or striped or grainy."""
    if product:
        radius = _SMALLEST * (0.35 / _SMALLEST) ** random.rand()
        x, y = 0.5 + 0.16 * random.randn(), 0.5 + 0.16 * random.randn()
    else:
        radius = _SMALLEST * (0.45 / _SMALLEST) ** (1 - math.sqrt(random.rand()))
        x, y = random.rand(), random.rand()
    turn = math.pi * (random.randint(2) / 2 if random.rand() < 0.5 else random.rand())
    stretch = math.exp(0.7 * random.randn())
    reach = radius * max(stretch, 1 / stretch) * math.sqrt(2)
    columns, rows = _around(x, reach), _around(y, reach)
    right, down = _AXIS[columns] - x, _AXIS[rows, None] - y
    along = (math.cos(turn) * right + math.sin(turn) * down) / radius * stretch
    beside = (math.cos(turn) * down - math.sin(turn) * right) / radius / stretch
    round_shape = random.rand() < 0.5
    inside = along * along + beside * beside < 1 if round_shape else np.maximum(abs(along), abs(beside)) < 1
    along, beside = along[inside], beside[inside]  # (m,) for the m pixels of the shape
    light = (random.rand() + (random.rand(3) - 0.5) * 1.2 * random.rand()).astype(np.float32)
    shade = 0.5 * (random.rand() - 0.5) * (along if random.rand() < 0.5 else beside)
    texture = random.rand()
    if texture < 0.25:
        shade += 0.2 * random.rand() * np.sin(2 * math.pi * random.uniform(1, 6) * along)
    elif texture < 0.5:
        shade += 0.15 * random.rand() * random.randn(len(shade))
    picture[rows, columns][inside] = np.clip(light + shade[:, None], 0, 1)


def _around(centre: float, reach: float) -> slice:
    first = int((centre - reach) * SIDE)
    return slice(min(max(first, 0), SIDE), min(max(int((centre + reach) * SIDE) + 1, 0), SIDE))


def _blur(picture: np.ndarray) -> None:
    picture[1:-1] = (picture[:-2] + 2 * picture[1:-1] + picture[2:]) / 4
    picture[:, 1:-1] = (picture[:, :-2] + 2 * picture[:, 1:-1] + picture[:, 2:]) / 4
