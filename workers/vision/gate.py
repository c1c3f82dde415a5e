"""Who works beside whom within one process: suspects alone, everything else together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 2.0
# A suspect that gave up is sent again after some seconds (`first_due`, `lost_message_after`).
HOLD_BACK_S = 20.0


class Gate:
    """Searches and writes enter `together`, plans and chunks as `bulk`, a suspect `alone`.

    A suspect that waits lets no new bulk in, and holds up searches only once no bulk is left inside. It gives
    up after `patience` seconds of either wait and tries again later; meanwhile bulk stays out for `hold_back`
    seconds, so that its chance comes. Between two suspects whoever waited goes in. So a search waits for one
    suspect's run and `patience` seconds at most.
    """

    def __init__(self, *, patience: float = PATIENCE_S, hold_back: float = HOLD_BACK_S) -> None:
        self._patience = patience
        self._hold_back = hold_back
        self._changed = threading.Condition()
        self._inside = 0  # bulk among them
        self._bulk = 0
        self._newcomers = 0
        self._alone: str | None = None
        self._suspects = 0
        self._gave_up: dict[str, float] = {}
        self._closed = False

    @contextmanager
    def together(self) -> Iterator[bool]:
        """Yields False when the process is closing: claim nothing."""
        with self._changed:
            self._newcomers += 1
            self._changed.wait_for(lambda: self._closed or self._alone is None)
            self._newcomers -= 1
            entered = not self._closed
            self._inside += 1
            self._changed.notify_all()
        try:
            yield entered
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def bulk(self) -> Iterator[bool]:
        """Yields False at once when a suspect waits or runs, or the process is closing: claim nothing."""
        with self._changed:
            entered = not self._closed and self._alone is None and not self._suspect_waits()
            self._bulk += entered
            self._inside += entered
        try:
            yield entered
        finally:
            with self._changed:
                self._bulk -= entered
                self._inside -= entered
                self._changed.notify_all()

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Yields False when the others did not leave in time, or the process is closing."""
        with self._changed:
            entered = self._enter_alone(what)
        try:
            yield entered
        finally:
            with self._changed:
                if entered:
                    self._alone = None
                self._changed.notify_all()

    def close(self) -> None:
        """Nobody enters any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def closes_within(self, seconds: float) -> bool:
        """Wait so long for the gate to close; whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def _enter_alone(self, what: str) -> bool:
        self._gave_up.pop(what, None)
        self._suspects += 1
        entered = self._left(lambda: self._alone is None and not self._bulk and not self._newcomers)
        if entered:
            self._alone = what  # from here on newcomers wait
            entered = self._left(lambda: self._inside == 0)
            if not entered:
                self._alone = None
        self._suspects -= 1
        if not entered:
            self._gave_up[what] = time.monotonic() + self._hold_back
            self._changed.notify_all()
        return entered

    def _left(self, others: Callable[[], bool]) -> bool:
        in_time = self._changed.wait_for(lambda: self._closed or others(), self._patience)
        return in_time and not self._closed

    def _suspect_waits(self) -> bool:
        clock = time.monotonic()
        self._gave_up = {what: until for what, until in self._gave_up.items() if until > clock}
        return bool(self._suspects or self._gave_up)
