"""What a training tells while it runs: small dictionaries that JSON can hold, each with an `event`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

# started, stage, caching, step, epoch, finished and report of a training; looking and report of an
# evaluation; measured and exported of an export; failed of any command. `services/cli/training/view.py` shows
# them, `curve.py` keeps a job's.
OnProgress = Callable[[dict[str, Any]], None]


def silent(_: dict[str, Any]) -> None:
    """For those who do not watch."""


def json_lines(event: dict[str, Any]) -> None:
    """One line of standard output each, for the process that started this one."""
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Throttled:
    """Passes on an event at most every `seconds`, and what comes in between not at all.

    Where an event is dear to put together, ask whether one is `due` before.
    """

    def __init__(self, on_progress: OnProgress, seconds: float = 1.0) -> None:
        self._on_progress = on_progress
        self._seconds = seconds
        self._last = time.monotonic()

    def due(self) -> bool:
        return time.monotonic() - self._last >= self._seconds

    def __call__(self, event: dict[str, Any]) -> None:
        if self.due():
            self._last = time.monotonic()
            self._on_progress(event)
