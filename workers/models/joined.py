"""The classical descriptor beside a network: one knows colours and textures, the other what a thing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from workers.models.classical.describe import describe
from workers.models.classical.grid import SIDE
from workers.models.engines.port import Raw
from workers.models.network import Network
from workers.models.port import TOP, Embedded
from workers.models.steps import warm
from workers.models.whitening import Whitening, unit


class Joined:
    """The vector of `network` and `weight` times the descriptor, whitened by `colour`; of unit length.

    The cosine of two vectors is (c + weight ** 2 * e) / (1 + weight ** 2) of the cosines c of the network's
    and e of the descriptor's. Labels are the network's.
    """

    def __init__(self, network: Network, *, colour: Whitening, weight: float) -> None:
        self.name = network.name
        self.dim = network.dim + colour.dim
        self.preprocess = network.preprocess
        self.labels = network.labels
        self.no_confident_match = network.no_confident_match
        self.fingerprint = network.fingerprint
        self.device = network.device
        self.engine = network.engine
        self._network = network
        self._colour = colour
        self._weight = np.float32(weight)

    def pre(self, images: Sequence[np.ndarray]) -> tuple[Any, Sequence[np.ndarray]]:
        return self._network.pre(images), images

    def core(self, batch: tuple[Any, Sequence[np.ndarray]]) -> tuple[Raw, np.ndarray]:
        pixels, images = batch
        return self._network.core(pixels), described(images)

    def post(self, raw: tuple[Raw, np.ndarray], top: int = TOP) -> list[Embedded]:
        features, descriptors = raw
        embedded = self._network.post(features, top)
        vectors = np.stack([each.vector for each in embedded])  # (n, d)
        colours = self._weight * self._colour.apply(descriptors)  # (n, k)
        joined = unit(np.concatenate([vectors, colours], axis=1))  # (n, dim)
        return [replace(each, vector=vector) for each, vector in zip(embedded, joined, strict=True)]

    def warmup(self, sizes: Sequence[int]) -> None:
        warm(self, sizes)


def described(images: Sequence[np.ndarray]) -> np.ndarray:
    """n images (crop, crop, 3) uint8, as a network sees them -> (n, classical DIM) float32, not whitened."""
    return np.stack([describe(_small(image)) for image in images])


def _small(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
