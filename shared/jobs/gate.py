"""Who works beside whom within one process: suspects alone, everything else together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Ordinary work enters together; a suspect enters alone, when everything else has left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone: str | None = None
        self._waiting_alone = 0
        self._closed = False

    @contextmanager
    def together(self) -> Iterator[bool]:
        """Yields False when the process is closing: claim nothing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._alone is None and not self._waiting_alone))
            entered = not self._closed
            self._inside += 1
        try:
            yield entered
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        with self._changed:
            self._waiting_alone += 1
            self._changed.wait_for(lambda: self._closed or (self._alone is None and self._inside == 0))
            self._waiting_alone -= 1
            entered = not self._closed
            if entered:
                self._alone = what
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
