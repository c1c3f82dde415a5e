"""Take from a descriptor what all pictures share, so that what is left tells them apart."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from workers.models.classical.describe import DIM, describe
from workers.models.classical.leaves import dead_leaves
from workers.models.whitening import Whitening

PICTURES: Final = 320
SEED: Final = 0
# Share of the largest variance that is added to each: below it a direction counts as noise. Flat .005 to .02.
SHRINKAGE: Final = 0.01


def whitening_of(sample: np.ndarray) -> Whitening:
    """From (n, d) descriptors: V (S + s I)^-1/2 V' of their covariance V S V' (ZCA, with shrinkage s)."""
    sample = sample.astype(np.float64)
    mean = sample.mean(0)
    centred = sample - mean
    variances, directions = np.linalg.eigh(centred.T @ centred / len(sample))
    scales = 1 / np.sqrt(np.maximum(variances, 0) + SHRINKAGE * variances[-1])
    matrix = (directions * scales) @ directions.T
    return Whitening(mean.astype(np.float32), matrix.astype(np.float32))


@cache
def drawn_whitening() -> Whitening:
    """Learned from drawn pictures: about a second, once per process, and nothing to ship or download."""
    sample = np.stack([describe(picture) for picture in dead_leaves(PICTURES, SEED)])
    assert sample.shape == (PICTURES, DIM)
    return whitening_of(sample)
