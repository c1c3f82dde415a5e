"""What a training tells while it runs: small dictionaries that JSON can hold, each with an `event`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

# events: started, stage, step, epoch, finished, report
OnProgress = Callable[[dict[str, Any]], None]


def silent(_: dict[str, Any]) -> None:
    """For those who do not watch."""


def json_lines(event: dict[str, Any]) -> None:
    """One line of standard output each, for the process that started this one."""
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Seldom:
    """Passes on an event at most every `seconds`, and what comes in between not at all."""

    def __init__(self, on_progress: OnProgress, seconds: float = 1.0) -> None:
        self._on_progress = on_progress
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._last = now
            self._on_progress(event)
