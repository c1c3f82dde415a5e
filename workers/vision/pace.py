"""Searches in this process: how fast it gets through them, and whether one is inside now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Older searches count half as much after so many seconds of work.
HALVED_AFTER_S = 30.0


class Pace:
    """Seconds of work for each search: time with none inside does not count, and together they count once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._inside = 0
        self._since = 0.0
        self._busy_s = 0.0
        self._done = 0.0

    @contextmanager
    def search(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._since = self._clock()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._count()
                self._inside -= 1

    def searching(self) -> bool:
        return self._inside > 0

    def service_s(self) -> float:
        """0 before the first search."""
        with self._lock:
            return self._busy_s / self._done if self._done else 0.0

    def _count(self) -> None:
        clock = self._clock()
        self._busy_s += clock - self._since
        self._since = clock
        self._done += 1
        if self._busy_s > HALVED_AFTER_S:
            self._busy_s /= 2
            self._done /= 2
