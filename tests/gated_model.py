"""A model that runs when a test lets it, and fails on the images that a test marked."""

from __future__ import annotations

import threading

import numpy as np

from workers.models.fake import FakeModel

BAD, NOT_FINITE = 13, 14
PATIENCE_S = 10.0


def image(value: int) -> np.ndarray:
    """(32, 32, 3) uint8; BAD makes the whole batch fail, NOT_FINITE gets a vector of NaN."""
    return np.full((32, 32, 3), value, np.uint8)


class GatedModel(FakeModel):
    """`batches` holds, for each batch that began, the values of its images."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[int]] = []
        self.broken = False
        self._gate = threading.Event()
        self._gate.set()
        self._entered = threading.Semaphore(0)

    def hold(self) -> None:
        """Batches stay in the model from now on."""
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()

    def wait_until_entered(self) -> None:
        """Until one more batch is in the model."""
        assert self._entered.acquire(timeout=PATIENCE_S), "no batch came"

    def core(self, batch: np.ndarray) -> np.ndarray:
        values = [int(pixels[0, 0, 0]) for pixels in batch]
        self.batches.append(values)
        self._entered.release()
        assert self._gate.wait(PATIENCE_S), "nobody let the batch go"
        if self.broken or BAD in values:
            raise RuntimeError("cannot embed this")
        raw = super().core(batch).astype(np.float32)
        raw[[value == NOT_FINITE for value in values]] = np.nan
        return raw
