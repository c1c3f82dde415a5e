"""A model for tests: a unit vector from the pixels' hash, at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from workers.models.fingerprint import fingerprint
from workers.models.port import TOP, Embedded
from workers.models.preprocessing.preprocess import Preprocess, check_images
from workers.models.steps import warm

DIM = 64


class FakeModel:
    """The same pixels give the same vector, other pixels one that is nearly at right angles to it."""

    name = "fake"
    dim = DIM
    device = "cpu"
    labels: tuple[str, ...] = ()
    no_confident_match: float | None = None
    preprocess = Preprocess(
        resize=32, crop=32, interpolation="bilinear", fit="squash", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)
    )

    def __init__(self) -> None:
        self.fingerprint = fingerprint(
            architecture="blake2b of the pixels", weights_sha256="", preprocess=self.preprocess, dim=DIM
        )

    def pre(self, images: Sequence[np.ndarray]) -> np.ndarray:
        check_images(images, self.preprocess)
        return np.stack(images)  # (n, 32, 32, 3) uint8

    def core(self, batch: np.ndarray) -> np.ndarray:
        digests = [hashlib.blake2b(image.tobytes(), digest_size=DIM).digest() for image in batch]
        return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIM)  # (n, 64) uint8

    def post(self, raw: np.ndarray, top: int = TOP) -> list[Embedded]:
        centred = raw.astype(np.float32) - 127.5  # never zero, so a length can always be divided by
        vectors = centred / np.linalg.norm(centred, axis=1, keepdims=True)  # (n, 64) float32, unit length
        return [Embedded(vector) for vector in vectors]

    def warmup(self, sizes: Sequence[int]) -> None:
        warm(self, sizes)
