"""The micro-batcher: one thread owns the model and serves the lanes in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

import numpy as np

from shared.errors import Unavailable
from workers.models.port import Embedded, Model
from workers.models.steps import embed, warm
from workers.vision.batching.lanes import LaneQueue
from workers.vision.batching.submission import Answer, Entry, ModelFailure, entries
from workers.vision.lane import Lane

__all__ = ["Batcher", "ModelFailure"]

log = logging.getLogger(__name__)

# How far a unit vector's length may be from 1: float32 and a network in half precision stay under 1e-3.
_LENGTH_TOLERANCE: Final = 1e-2
_STOP_S: Final = 10.0
# An import's batch stands back so long for a search that is on its way to the model or from it: on a full
# processor it would double that search's time. About what a search takes here, so imports keep their pace.
STANDS_BACK_S: Final = 0.03
_LOOKS_AGAIN_S: Final = 0.002


class Batcher:
    """Batches of one lane each: up to `max_batch` searches or writes, up to `import_batch` import images.

    A search waits for at most one batch that has begun. Plain numbers to read from any thread: `busy_s` and
    `waiting_s`, seconds that the model's thread spent in the model and without work; `images` answered;
    `batches` run, parts of failed ones among them.
    """

    def __init__(
        self,
        model: Model,
        *,
        max_batch: int,
        max_wait_ms: float,
        import_batch: int | None = None,
        import_wait_ms: float = 50.0,
        searching: Callable[[], bool] = lambda: False,
        stands_back_s: float = STANDS_BACK_S,
    ) -> None:
        """Without `import_batch` imports batch like searches. Nobody waits for one import image, so they may
        wait longer for a full batch, and a moment while there is a search in the process (`searching`)."""
        self.busy_s = 0.0
        self.waiting_s = 0.0
        self.images = 0
        self.batches = 0
        self._model = model
        self._lanes: dict[Lane, LaneQueue[Entry]] = {
            Lane.SEARCH: LaneQueue(max_batch, max_wait_ms / 1000),
            Lane.WRITE: LaneQueue(max_batch, max_wait_ms / 1000),
            Lane.IMPORT: LaneQueue(import_batch or max_batch, import_wait_ms / 1000),
        }
        self._searching = searching
        self._stands_back_s = stands_back_s
        self._stands_back_since: float | None = None
        self._changed = threading.Condition()
        self._closed: Callable[[], Unavailable] | None = None  # a new one for each who waits
        self._began: float | None = None
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def submit(self, lane: Lane, images: Sequence[np.ndarray]) -> Future[Answer]:
        """One result for each image of (crop, crop, 3) uint8, in their order.

        The future ends with Unavailable if the batcher stops first; after that `submit` raises it.
        """
        submission, new = entries(images)
        with self._changed:
            if self._closed:
                raise self._closed()
            self._lanes[lane].put(new, time.monotonic())
            self._changed.notify()
        return submission.future

    def stop(self) -> None:
        """Finish the batch that has begun, fail what waits. Returns within ten seconds."""
        self._close(partial(Unavailable, "the vision worker is stopping", code="stopping"))
        self._thread.join(_STOP_S)

    def stuck_for(self) -> float:
        """Seconds that the present batch has been in the model; infinite for a model that broke for good."""
        began = self._began
        if self._broken:
            return float("inf")
        return 0.0 if began is None else time.monotonic() - began

    def _run(self) -> None:
        while (taken := self._next_batch()) is not None:
            lane, batch = taken
            self._began = began = time.monotonic()
            try:
                self._serve(lane, batch)
            finally:
                self._began = None
                self.busy_s += time.monotonic() - began
                self.batches += 1

    def _next_batch(self) -> tuple[Lane, list[Entry]] | None:
        """Wait for the batch that is due; None when closed."""
        began = time.monotonic()
        with self._changed:
            while not self._closed:
                lane = next((lane for lane in Lane if self._lanes[lane]), None)
                wait = self._starts_in(lane) if lane is not None else None
                if lane is not None and wait == 0:
                    self.waiting_s += time.monotonic() - began
                    return lane, self._lanes[lane].take()
                self._changed.wait(wait)
        return None

    def _starts_in(self, lane: Lane) -> float:
        """Seconds until the lane's next batch may start, or is to be looked at again."""
        now = time.monotonic()
        wait = self._lanes[lane].closes_in(now)
        if lane is not Lane.IMPORT or wait or not self._searching():
            self._stands_back_since = None
            return wait
        if self._stands_back_since is None:
            self._stands_back_since = now
        if now - self._stands_back_since < self._stands_back_s:
            return _LOOKS_AGAIN_S
        self._stands_back_since = None
        return 0.0

    def _serve(self, lane: Lane, batch: list[Entry]) -> None:
        """Answer each entry, or halve a failing batch: the halves queue again, a search may come between."""
        try:
            results = [_checked(result) for result in embed(self._model, [entry.image for entry in batch])]
        except Exception as error:
            log.warning("the model failed on a batch of %d: %r", len(batch), error)
            if len(batch) > 1:
                middle = len(batch) // 2
                self._again(lane, [batch[:middle], batch[middle:]])
                return
            if not self._works():
                self._break(batch, error)
                return
            results = [ModelFailure(f"{type(error).__name__}: {error}")]
        self.images += len(batch)
        for entry, result in zip(batch, results, strict=True):
            entry.submission.answer(entry.position, result)

    def _again(self, lane: Lane, parts: list[list[Entry]]) -> None:
        with self._changed:
            closed = self._closed
            for part in () if closed else parts:
                self._lanes[lane].put_again(part)
        if closed:
            _fail([entry for part in parts for entry in part], closed)

    def _works(self) -> bool:
        """Whether the model still embeds a plain image: after a CUDA fault nothing ever passes again."""
        try:
            warm(self._model, [1])
        except Exception:
            log.exception("the model fails on a plain image too")
            return False
        return True

    def _break(self, batch: list[Entry], error: Exception) -> None:
        """Blame no image: end this worker's work; the watchdog ends the process."""
        broken = partial(Unavailable, f"the model of this worker broke: {error}", code="model_broken")
        self._broken = True
        self._close(broken)
        _fail(batch, broken)

    def _close(self, error: Callable[[], Unavailable]) -> None:
        with self._changed:
            self._closed = closed = self._closed or error
            rest = [entry for lane in self._lanes.values() for entry in lane.take_all()]
            self._changed.notify()
        _fail(rest, closed)  # without the lock: whoever waits may have callbacks


def _checked(result: Embedded) -> Embedded | ModelFailure:
    """A vector without a finite length of 1 would poison every score it meets."""
    length = float(np.linalg.norm(result.vector))
    if abs(length - 1) <= _LENGTH_TOLERANCE:
        return result
    return ModelFailure(f"the vector's length is {length}, not 1")


def _fail(batch: list[Entry], error: Callable[[], Unavailable]) -> None:
    for entry in batch:
        entry.submission.fail(error())
