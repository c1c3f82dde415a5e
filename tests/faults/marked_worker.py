"""A vision worker whose model dies of, hangs at or dawdles over photos of one colour.

The model sees pixels, not names, so the mark is a plain colour, which no resizing changes. Its decode
children have marks of their own (tests/faults/marked_decoder.py).
"""

from __future__ import annotations

import os
import time
from functools import partial

import numpy as np

from shared.runtime import consume
from workers.models.fake import FakeModel
from workers.vision import wiring
from workers.vision.app import main
from workers.vision.decode.pool import DecodePool

Colour = tuple[int, int, int]
DEADLY: Colour = (255, 0, 0)
STUCK: Colour = (0, 255, 0)
_SLOW_BLUE = 255
SLOW_S = 1.0
CUT_OFF_AFTER_S = 2


def slow(number: int) -> Colour:
    """One of many colours that take a while."""
    return (number, 0, _SLOW_BLUE)


_core = FakeModel.core


def core(self: FakeModel, batch: np.ndarray) -> np.ndarray:
    marks = {tuple(int(level) for level in image.mean(axis=(0, 1))) for image in batch}
    if DEADLY in marks:
        os._exit(9)
    if STUCK in marks:
        time.sleep(3600)
    if any(blue == _SLOW_BLUE for _, _, blue in marks):
        time.sleep(SLOW_S)
    return _core(self, batch)


if __name__ == "__main__":
    FakeModel.core = core  # type: ignore[method-assign] # what a test worker does otherwise
    # A class is what stands there otherwise; it is only called.
    wiring.DecodePool = partial(DecodePool, program="tests.faults.marked_decoder")  # type: ignore[misc, assignment]
    consume.SOFT_SHUTDOWN_S = CUT_OFF_AFTER_S  # type: ignore[misc] # and a test does not wait for
    main()
