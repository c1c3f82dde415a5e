"""The port of a model: `pre`, `core`, `post`, `warmup`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from workers.models.preprocessing.preprocess import Preprocess

# What a classifier knows of an image beyond its five likeliest labels is noise.
TOP: Final = 5


@dataclass(frozen=True, eq=False)
class Embedded:
    """What a model says of one image.

    `vector` is (dim,) float32 of unit length. `probabilities` are the classifier's likeliest labels with
    their probabilities (0..1), likeliest first, as many as `post` was asked for; none for a model without a
    classifier.
    """

    vector: np.ndarray
    probabilities: tuple[tuple[str, float], ...] = ()

    @property
    def label(self) -> str | None:
        return self.probabilities[0][0] if self.probabilities else None

    @property
    def label_score(self) -> float | None:
        return self.probabilities[0][1] if self.probabilities else None


class Model(Protocol):
    """Four small steps; the batcher calls all of them from one thread.

    `labels` is empty where there is no classifier. `no_confident_match` is the cosine under which a best hit
    is no match, None where nobody measured it. `fingerprint` tells which vectors may meet in one index.
    `device` is where `core` computes: "cpu" or "cuda".
    """

    name: str
    dim: int
    preprocess: Preprocess
    labels: tuple[str, ...]
    no_confident_match: float | None
    fingerprint: str
    device: str

    def pre(self, images: Sequence[np.ndarray]) -> Any:
        """n images of (crop, crop, 3) uint8 RGB -> one batch. Raises ValueError for any other shape."""

    def core(self, batch: Any) -> Any:
        """One batch -> raw outputs of the same n."""

    def post(self, raw: Any, top: int = TOP) -> list[Embedded]:
        """Raw outputs -> n results in the images' order, each with the `top` likeliest labels.

        A vector may hold NaN where a network broke.
        """

    def warmup(self, sizes: Sequence[int]) -> None:
        """Run batches of these sizes once, so that no search pays for lazy initialisation."""
