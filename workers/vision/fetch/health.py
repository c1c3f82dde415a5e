"""Which hosts never answer, so that one that hangs does not cost ten seconds for every image."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MAX_HOSTS = 10_000
# Of one that has not answered since it last ran out of time: so few fetches at once that others do not feel
# them. Of one that never answered: so few before it is left alone.
DOUBTED_AT_ONCE = 2
UNKNOWN_SUSPENDED_AFTER = 4


@dataclass(slots=True)
class _Silence:
    timeouts: int = 0
    next_try: float = 0.0


class HostHealth:
    """A breaker: after `suspend_after` timeouts in a row a host is left alone for `suspend_seconds`; then one
    fetch tries it.

    One that never answered is left alone sooner. Any answer, a 404 too, clears a host. Safe to use from many
    threads.
    """

    def __init__(
        self, suspend_after: int, suspend_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._suspend_after = suspend_after
        self._suspend_seconds = suspend_seconds
        self._clock = clock
        self._silent: dict[str, _Silence] = {}
        self._answered: dict[str, None] = {}
        self._lock = threading.Lock()

    def may_try(self, host: str) -> bool:
        """Whether to fetch from the host now; when a suspension has ended, only the first who asks may."""
        with self._lock:
            silence = self._silent.get(host)
            if silence is None or silence.timeouts < self._patience(host):
                return True
            if self._clock() < silence.next_try:
                return False
            silence.next_try = self._clock() + self._suspend_seconds
            return True

    def at_once(self, host: str, most: int) -> int:
        """How many fetches of the host may run at a time, at most `most`."""
        with self._lock:
            trusted = host in self._answered and host not in self._silent
            return most if trusted else min(most, DOUBTED_AT_ONCE)

    def timed_out(self, host: str) -> None:
        with self._lock:
            _make_room(self._silent)
            silence = self._silent.setdefault(host, _Silence())
            silence.timeouts += 1
            silence.next_try = self._clock() + self._suspend_seconds

    def answered(self, host: str) -> None:
        with self._lock:
            self._silent.pop(host, None)
            if host not in self._answered:
                _make_room(self._answered)
                self._answered[host] = None

    def _patience(self, host: str) -> int:
        known = host in self._answered
        return self._suspend_after if known else min(self._suspend_after, UNKNOWN_SUSPENDED_AFTER)


def _make_room(hosts: dict[str, Any]) -> None:
    if len(hosts) >= _MAX_HOSTS:
        hosts.pop(next(iter(hosts)))
