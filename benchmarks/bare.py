"""The limit: the same decode, model and search in one process, without broker, store or database."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from benchmarks.shop import ENGINE, MODEL, weights
from workers.models.engines.cores import cores
from workers.models.port import Model
from workers.models.preprocessing.geometry import prepare
from workers.models.registry import load_model

DECODE_THREADS = cores()


class Bare:
    def __init__(self) -> None:
        self.model: Model = load_model(MODEL, weights=weights(), engine=ENGINE)
        self.model.warmup([1, 8])

    def decode(self, photo: bytes) -> np.ndarray:
        """(crop, crop, 3) uint8"""
        with Image.open(io.BytesIO(photo)) as image:
            return prepare(image.convert("RGB"), self.model.preprocess)

    def embed(self, pixels: Sequence[np.ndarray]) -> np.ndarray:
        """(n, dim) float32"""
        found = self.model.post(self.model.core(self.model.pre(pixels)))
        return np.stack([one.vector for one in found])

    def stream(self, photos: Sequence[bytes], batch: int) -> Iterator[np.ndarray]:
        """Vectors batch by batch; decoding runs ahead in threads."""
        with ThreadPoolExecutor(DECODE_THREADS) as pool:
            waiting = [pool.submit(self.decode, photo) for photo in photos]
            for start in range(0, len(waiting), batch):
                yield self.embed([future.result() for future in waiting[start : start + batch]])
