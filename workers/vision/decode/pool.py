"""The decode pool: untrusted images are opened in child processes, and a bad one costs one job."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from dataclasses import replace
from typing import Final

from shared.errors import Unavailable
from shared.reasons import Reason
from workers.vision.decode.process import DecodeProcess
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan
from workers.vision.lane import Lane

__all__ = ["DecodeLimits", "DecodePlan", "DecodePool", "Decoded"]

log = logging.getLogger(__name__)

_PROGRAM: Final = "workers.vision.decode.child"
# A machine out of memory or processes often has some again in a moment, and the job need not suffer for it.
_START_PAUSES_S: Final = (0.0, 0.1, 0.5, 2.0)
# No photo of an import is to be called too slow because searches keep the processor busy.
_BACKGROUND_PATIENCE: Final = 5


class DecodePool:
    """`size` children behind one call that any thread may make.

    A lost child is replaced before the call that lost it returns; where that fails, the next call that gets
    its place tries again.
    """

    def __init__(
        self,
        size: int,
        limits: DecodeLimits | None = None,
        *,
        background: bool = False,
        program: str = _PROGRAM,
    ) -> None:
        """In the background children start with the first images, and everything else goes first.

        Then the clock runs while a child waits for the processor, so it allows more.
        """
        limits = limits or DecodeLimits()
        if background:
            limits = replace(limits, wall_s=limits.wall_s * _BACKGROUND_PATIENCE)
        self._places = [_Place(limits, program, background=background) for _ in range(size)]
        self._free = deque(self._places)
        self._waiting: Counter[Lane] = Counter()
        self._changed = threading.Condition()
        self._closed = False

    def decode(self, data: bytes, plan: DecodePlan, lane: Lane = Lane.SEARCH) -> Decoded | Reason:
        """What `plan` asks of the image, or why it cannot be had.

        Waits for a free child; whoever waits in a smaller lane goes first.

        Codes: those of `shared.images.header`, undecodable, box_too_small, decode_memory, decode_timeout and
        decode_crashed. Raises Unavailable, which blames no image, where no child can be started or the pool
        was closed.
        """
        called = time.perf_counter()
        place = self._take(lane)
        try:
            process = place.ready()
            waited_ms = (time.perf_counter() - called) * 1e3
            answer = process.decode(data, plan)
        finally:
            self._give_back(place)
        if isinstance(answer, Reason):
            return answer
        return replace(answer, timings_ms={"wait": waited_ms, **answer.timings_ms})

    def pids(self) -> list[int]:
        """The children that run."""
        processes = [place.process for place in self._places]
        return [process.pid for process in processes if process is not None and process.alive()]

    def alive(self) -> int:
        """How many children run."""
        return len(self.pids())

    def close(self) -> None:
        """Let the jobs in the children finish, which their clock bounds, then end the children."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._free) == len(self._places))
        for place in self._places:
            if place.process is not None:
                place.process.end()

    def _take(self, lane: Lane) -> _Place:
        with self._changed:
            self._waiting[lane] += 1
            self._changed.wait_for(lambda: self._closed or len(self._free) > self._before(lane))
            self._waiting[lane] -= 1
            if self._closed:
                raise Unavailable("the decode pool is closed", code="decoder_unavailable")
            return self._free.pop()

    def _before(self, lane: Lane) -> int:
        """How many of smaller lanes wait."""
        return sum(waiting for other, waiting in self._waiting.items() if other < lane)

    def _give_back(self, place: _Place) -> None:
        new = not place.alive() and not self._closed
        if new:
            place.refill()
        with self._changed:
            # The child used last is warm; a new one still starts and is taken last.
            (self._free.appendleft if new else self._free.append)(place)
            self._changed.notify_all()


class _Place:
    """A place for one child in the pool: never gone, at worst empty until a child can be started again."""

    def __init__(self, limits: DecodeLimits, program: str, *, background: bool) -> None:
        self._limits = limits
        self._program = program
        self._background = background
        self.process: DecodeProcess | None = None
        if not background:
            self.refill()

    def alive(self) -> bool:
        return self.process is not None and self.process.alive()

    def refill(self) -> None:
        if self.process is not None:
            self.process.end(patience_s=0)
        try:
            self.process = DecodeProcess(self._limits, self._program, background=self._background)
        except OSError as error:
            log.warning("no decode child can be started now: %s", error)
            self.process = None

    def ready(self) -> DecodeProcess:
        """The child, waiting for work. Raises Unavailable after some seconds without one."""
        pauses_s = iter(_START_PAUSES_S)
        while self.process is None or not self.process.ready():
            pause_s = next(pauses_s, None)
            if pause_s is None:
                raise Unavailable("no decode child can be started", code="decoder_unavailable")
            time.sleep(pause_s)
            self.refill()
        return self.process
