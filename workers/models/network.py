"""A network as a model: the engine computes, the rest is NumPy and the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workers.models.artefacts.artefact import AVERAGINGS
from workers.models.engines.port import Engine, Raw
from workers.models.port import TOP, Embedded
from workers.models.preprocessing.preprocess import Preprocess, check_images
from workers.models.steps import warm
from workers.models.whitening import Whitening, unit


class Network:
    """Features are averaged over the views of an image, whitened if the model says so, and made unit long.

    `averaging` is "none" or "mirror": the image and its mirror image, which costs twice the time. Labels are
    those of the averaged probabilities.
    """

    def __init__(
        self,
        *,
        name: str,
        dim: int,
        preprocess: Preprocess,
        labels: tuple[str, ...],
        fingerprint: str,
        engine: Engine,
        averaging: str = "none",
        whitening: Whitening | None = None,
        no_confident_match: float | None = None,
    ) -> None:
        if averaging not in AVERAGINGS:
            raise ValueError(f"unknown averaging {averaging!r}: one of {', '.join(AVERAGINGS)}")
        self.name = name
        self.dim = dim
        self.preprocess = preprocess
        self.labels = labels
        self.no_confident_match = no_confident_match
        self.fingerprint = fingerprint
        self.device = engine.device
        self.engine = engine
        self._mirror = averaging == "mirror"
        self._whitening = whitening

    def pre(self, images: Sequence[np.ndarray]) -> Any:
        check_images(images, self.preprocess)
        pixels = np.stack(images)  # (n, crop, crop, 3) uint8
        if self._mirror:
            pixels = np.concatenate([pixels, pixels[:, :, ::-1]])  # (2n, crop, crop, 3)
        return self.engine.load(pixels)

    def core(self, batch: Any) -> Raw:
        return self.engine.run(batch)

    def post(self, raw: Raw, top: int = TOP) -> list[Embedded]:
        features = self._over_views(unit(raw.features))  # (n, d)
        vectors = self._whitening.apply(features) if self._whitening else unit(features)
        assert vectors.shape[1:] == (self.dim,), vectors.shape
        if not self.labels:
            return [Embedded(vector) for vector in vectors]
        assert raw.logits is not None
        assert raw.logits.shape == (len(raw.features), len(self.labels)), raw.logits.shape
        chances = self._over_views(_softmax(raw.logits))  # (n, labels)
        likeliest = (-chances).argsort(1, kind="stable")[:, :top]  # (n, top)
        return [
            Embedded(vector, tuple((self.labels[label], float(row[label])) for label in best))
            for vector, row, best in zip(vectors, chances, likeliest, strict=True)
        ]

    def warmup(self, sizes: Sequence[int]) -> None:
        warm(self, sizes)

    def _over_views(self, rows: np.ndarray) -> np.ndarray:
        """(views * n, k), views outermost -> (n, k)."""
        if not self._mirror:
            return rows
        averaged: np.ndarray = rows.reshape(2, -1, rows.shape[1]).mean(0)
        return averaged


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    chances: np.ndarray = powers / powers.sum(1, keepdims=True)
    return chances
