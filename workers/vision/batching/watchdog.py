"""Ends the process when the model hangs: a thread cannot be interrupted, jobs come back by their lease."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Final

from shared.runtime.loop import Repeating

log = logging.getLogger(__name__)

# EX_SOFTWARE of sysexits.h: tells an operator that this was no crash and no request.
EXIT_CODE: Final = 70


def end_process() -> None:
    """At once: a clean exit would wait for the thread that hangs."""
    os._exit(EXIT_CODE)


class Watchdog:
    """Calls `on_stuck` once when `stuck_for()` exceeds `limit_s`; looks every `every_s` seconds."""

    def __init__(
        self,
        stuck_for: Callable[[], float],
        *,
        limit_s: float,
        on_stuck: Callable[[], None] = end_process,
        every_s: float = 1.0,
    ) -> None:
        self._stuck_for = stuck_for
        self._limit_s = limit_s
        self._on_stuck = on_stuck
        self._loop = Repeating("watchdog", self._look, every_s)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def check(self) -> bool:
        """Whether the model is stuck; if so it was logged and `on_stuck` called."""
        seconds = self._stuck_for()
        if seconds <= self._limit_s:
            return False
        log.critical("the model has not come back for %.0f s, limit %.0f s", seconds, self._limit_s)
        self._on_stuck()
        return True

    def _look(self) -> None:
        if self.check():
            self._loop.end()
