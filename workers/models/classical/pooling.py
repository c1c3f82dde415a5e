"""From local features to one vector: how they occur together, whatever their place."""

from __future__ import annotations

from typing import Final

import numpy as np

# Matrix power: 1 keeps the bursts of frequent features, 0 (a logarithm) makes noise as loud; flat .2 to .5.
_POWER: Final = 0.35


def second_order(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(f, n) features and (n,) weights of sum 1 -> (f * (f + 1) / 2,) float64.

    The weighted second moment, raised to a matrix power, its upper triangle (Carreira and others, 2012:
    second-order pooling). Off the diagonal it is scaled by the root of 2, so that the dot product of two
    vectors is that of the matrices.
    """
    moment = (features * weights) @ features.T
    values, vectors = np.linalg.eigh(moment.astype(np.float64))
    powered = (vectors * np.maximum(values, 0) ** _POWER) @ vectors.T
    rows, columns = np.triu_indices(len(powered))
    scale = np.where(rows == columns, 1.0, np.sqrt(2.0))
    pooled: np.ndarray = powered[rows, columns] * scale
    return pooled
