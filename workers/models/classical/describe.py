"""One image to its raw descriptor: local features, foreground, pooling."""

from __future__ import annotations

from typing import Final

import numpy as np

from workers.models.classical.colour import colour_features
from workers.models.classical.foreground import foreground_weights
from workers.models.classical.gradients import orientation_features
from workers.models.classical.grid import PLACES, cell_means, place_coordinates
from workers.models.classical.pooling import second_order

# What a fingerprint calls it; another version where its numbers change.
DESCRIBED: Final = "mirror-averaged second-order pooling of gradients, Lab colour and place, version 1"
EVEN: Final = 30
ODD: Final = 15
DIM: Final = EVEN * (EVEN + 1) // 2 + ODD * (ODD + 1) // 2
_PLACE_WEIGHT: Final = np.float32(0.3)
_CONSTANT: Final = np.float32(0.5)


def describe(image: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8 RGB -> (DIM,) float32 of unit length, not whitened yet.

    A shop shows a shoe from its left and from its right: the second moment is averaged over the image and
    its mirror image. Split into features that a mirror keeps (even) and negates (odd), that average has two
    blocks on its diagonal and zeros elsewhere: nothing is computed twice and half of the numbers fall away.
    """
    rgb = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)
    edges_even, edges_odd = orientation_features(rgb)
    places_even, places_odd = _places()
    weights = foreground_weights(cell_means(rgb)).ravel()
    even = np.concatenate([edges_even, colour_features(image), places_even]).reshape(EVEN, -1)
    odd = np.concatenate([edges_odd, places_odd]).reshape(ODD, -1)
    pooled = np.concatenate([second_order(even, weights), second_order(odd, weights)])
    pooled /= np.linalg.norm(pooled)
    return pooled.astype(np.float32)


def _places() -> tuple[np.ndarray, np.ndarray]:
    """Where a place lies, coarsely: (4, PLACES, PLACES) even, the constant among them, and (1, ...) odd."""
    y, x = place_coordinates()
    even = np.stack([y, np.abs(x), y * y + x * x]) * _PLACE_WEIGHT
    constant = np.full((1, PLACES, PLACES), _CONSTANT)
    return np.concatenate([even, constant]), x[None] * _PLACE_WEIGHT
