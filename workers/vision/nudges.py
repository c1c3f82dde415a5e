"""A nudge wakes the import loop at once; without one it looks once a second."""

from __future__ import annotations

import threading


class Nudges:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def nudge(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """Wait until there were more nudges than `seen`; returns how many there were."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > seen, timeout)
            return self._count
