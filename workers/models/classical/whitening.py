"""Take from a descriptor what all pictures share, so that what is left tells them apart."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from workers.models.classical.describe import DIM, describe
from workers.models.classical.leaves import dead_leaves
from workers.models.whitening import Whitening

DRAWN: Final = Path(__file__).with_name("drawn.npz")
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


def fit_drawn() -> Whitening:
    """Learned from drawn pictures, which needs nobody's photos; five processor seconds."""
    sample = np.stack([describe(picture) for picture in dead_leaves(PICTURES, SEED)])
    assert sample.shape == (PICTURES, DIM)
    return whitening_of(sample)


@cache
def drawn_whitening() -> Whitening:
    """What `fit_drawn` gave when its file was written; a start cannot wait for it."""
    with np.load(DRAWN, allow_pickle=False) as held:
        matrix = np.zeros((DIM, DIM), np.float32)
        matrix[np.triu_indices(DIM)] = held["upper"]
        return Whitening(held["mean"], matrix + np.triu(matrix, 1).T)


def write_drawn() -> None:
    """Half of the symmetric matrix, in float16: vectors move by less than 1e-6 in cosine."""
    fitted = fit_drawn()
    upper = fitted.matrix[np.triu_indices(DIM)].astype(np.float16)
    np.savez_compressed(DRAWN, mean=fitted.mean, upper=upper)


if (
    __name__ == "__main__"
):  # python -m workers.models.classical.whitening, where describe or dead_leaves change
    write_drawn()
