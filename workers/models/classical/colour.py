"""Colour around each place: its mean, its spread, and which way its hue points."""

from __future__ import annotations

from typing import Final

import numpy as np

from workers.models.classical.grid import cell_means, middle

# sRGB to linear light (IEC 61966-2-1), for each byte.
_BYTES: Final = np.arange(256, dtype=np.float32) / 255
_LINEAR: Final = np.where(_BYTES <= 0.04045, _BYTES / 12.92, ((_BYTES + 0.055) / 1.055) ** 2.4)
# Linear sRGB to XYZ over the white point D65.
_XYZ: Final = (
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    / np.array([[0.95047], [1.0], [1.08883]])
).astype(np.float32)
# Added before the cube root, in place of CIE Lab's linear part near black: the slope must be finite there.
_NEAR_BLACK: Final = np.float32(0.0088)
_HUES: Final = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float32)

_MEAN_WEIGHT: Final = np.float32(0.5)
_SPREAD_WEIGHT: Final = np.float32(1.0)
_HUE_WEIGHT: Final = np.float32(0.4)


def lab(image: np.ndarray) -> np.ndarray:
    """(s, s, 3) uint8 RGB -> (3, s, s) float32: CIE Lab, L in -1..1, a and b in about -2..2."""
    light = _LINEAR[image].reshape(-1, 3).T  # (3, s * s)
    x, y, z = np.cbrt(_XYZ @ light + _NEAR_BLACK)
    planes = np.stack([2.32 * y - 1.32, 12.5 * (x - y), 5 * (y - z)])
    return planes.astype(np.float32).reshape(3, *image.shape[:2])


def colour_features(image: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8 -> (10, PLACES, PLACES): mean Lab, its standard deviation, four hues."""
    planes = lab(image)
    means = cell_means(planes)
    spread = np.sqrt(np.maximum(cell_means(planes * planes) - means * means, 0))
    mean = middle(means)
    hues = np.maximum(np.einsum("hc,cyx->hyx", _HUES, mean[1:]), 0)
    return np.concatenate([mean * _MEAN_WEIGHT, middle(spread) * _SPREAD_WEIGHT, hues * _HUE_WEIGHT])
