"""Take from vectors what all pictures share, so that what is left tells them apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Whitening:
    """`mean` (d,) and `matrix` (d, k), float32: from a model's d features to its k dimensions."""

    mean: np.ndarray
    matrix: np.ndarray

    @property
    def dim(self) -> int:
        return int(self.matrix.shape[1])

    @property
    def sha256(self) -> str:
        """Of both arrays' numbers; part of a fingerprint."""
        digest = hashlib.sha256(f"{self.matrix.shape}".encode())
        for array in (self.mean, self.matrix):
            digest.update(np.ascontiguousarray(array, np.float32).data)
        return digest.hexdigest()

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, k) float32 of unit length. A row that is the mean itself has no direction: NaN."""
        return unit((raw - self.mean) @ self.matrix)


def unit(vectors: np.ndarray) -> np.ndarray:
    """(n, k) -> (n, k), each of length 1; NaN where a vector is zero or holds no numbers."""
    with np.errstate(invalid="ignore", divide="ignore"):
        divided: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return divided


def fit_whitening(sample: np.ndarray, *, dim: int, shrinkage: float) -> Whitening:
    """PCA whitening to the `dim` strongest directions of (n, d) features, dim <= min(n, d).

    A direction of variance v is divided by the root of v + shrinkage * (the largest variance): without that,
    what is noise in a small sample would count as much as what tells pictures apart. After Jegou and Chum,
    "Negative evidences and co-occurrences in image retrieval" (ECCV 2012); the shrinkage is Ledoit and
    Wolf's idea with a constant of our own.
    """
    if not 0 < dim <= min(sample.shape):
        raise ValueError(f"{sample.shape} features give no {dim} dimensions")
    sample = sample.astype(np.float64)
    mean = sample.mean(0)
    centred = sample - mean
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    variances = np.square(lengths) / len(sample)
    if not variances[dim - 1] + shrinkage * variances[0]:
        raise ValueError(f"the features do not vary in {dim} directions")
    scales = 1 / np.sqrt(variances[:dim] + shrinkage * variances[0])
    return Whitening(mean.astype(np.float32), (directions[:dim].T * scales).astype(np.float32))
