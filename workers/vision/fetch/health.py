"""Which hosts never answer, so that one that hangs does not cost ten seconds for every image."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_MAX_HOSTS = 10_000


@dataclass(slots=True)
class _Silence:
    timeouts: int = 0
    next_try: float = 0.0


class HostHealth:
    """A breaker: after `suspend_after` timeouts in a row a host is left alone for `suspend_seconds`; then one
    fetch tries it.

    Any answer, a 404 too, clears a host. Safe to use from many threads.
    """

    def __init__(
        self, suspend_after: int, suspend_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._suspend_after = suspend_after
        self._suspend_seconds = suspend_seconds
        self._clock = clock
        self._silent: dict[str, _Silence] = {}
        self._lock = threading.Lock()

    def may_try(self, host: str) -> bool:
        """Whether to fetch from the host now; when a suspension has ended, only the first who asks may."""
        with self._lock:
            silence = self._silent.get(host)
            if silence is None or silence.timeouts < self._suspend_after:
                return True
            if self._clock() < silence.next_try:
                return False
            silence.next_try = self._clock() + self._suspend_seconds
            return True

    def timed_out(self, host: str) -> None:
        with self._lock:
            if len(self._silent) >= _MAX_HOSTS:
                self._silent.pop(next(iter(self._silent)))
            silence = self._silent.setdefault(host, _Silence())
            silence.timeouts += 1
            silence.next_try = self._clock() + self._suspend_seconds

    def answered(self, host: str) -> None:
        with self._lock:
            self._silent.pop(host, None)
