"""Shards that could not be loaded or followed: why, and when each is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from workers.indexer.shards import Key

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0


@dataclass(frozen=True)
class Setback:
    reason: str
    tries: int
    wait_s: float  # between the last try and the next
    again_at: float  # by the clock of BrokenShards


class BrokenShards:
    """Each shard waits for itself, twice as long after every failure; the others are not held up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._setbacks: dict[Key, Setback] = {}

    def note(self, key: Key, reason: str, *, longest: float = LONGEST_WAIT_S) -> Setback:
        """A try has failed."""
        with self._lock:
            before = self._setbacks.get(key)
            wait = FIRST_WAIT_S if before is None else min(before.wait_s * 2, longest)
            tries = 1 if before is None else before.tries + 1
            self._setbacks[key] = Setback(reason, tries, wait, self._clock() + wait)
            return self._setbacks[key]

    def mended(self, key: Key) -> None:
        with self._lock:
            self._setbacks.pop(key, None)

    def keep_only(self, keys: Collection[Key]) -> None:
        """Forget shards that are no longer ours."""
        with self._lock:
            self._setbacks = {key: setback for key, setback in self._setbacks.items() if key in keys}

    def due(self, key: Key) -> bool:
        """Whether the shard may be tried now; one without a setback always may."""
        setback = self._setbacks.get(key)
        return setback is None or self._clock() >= setback.again_at

    def reasons(self) -> dict[Key, str]:
        with self._lock:
            return {key: setback.reason for key, setback in self._setbacks.items()}
