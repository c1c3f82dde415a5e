"""`python -m tests.faults.armed MODULE`: one of our processes that ends itself at a kill point, by `kill -9`.

With `TUSOU_TEST_AT_POINT=SIGSTOP` it stands still there instead, until somebody wakes it.

`TUSOU_TEST_KILL_POINT` is `name` or `name:3` (the third time it is reached). The name is noted in the file
`TUSOU_TEST_KILLED_AT` just before, so that whoever armed it can tell this end from another.
"""

from __future__ import annotations

import itertools
import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from shared import kill_points

POINT = "TUSOU_TEST_KILL_POINT"
NOTE = "TUSOU_TEST_KILLED_AT"
SIGNAL = "TUSOU_TEST_AT_POINT"


def arm(point: str, note: Path, by: signal.Signals = signal.SIGKILL) -> None:
    """From now on this process ends when it reaches `point`, or gets another signal there."""
    name, _, times = point.partition(":")
    kill_points.reached = struck_at(name, int(times or 1), note, by)


def struck_at(name: str, times: int, note: Path, by: signal.Signals) -> Callable[[str], None]:
    count = itertools.count(1)
    lock = threading.Lock()

    def reached(point: str) -> None:
        if point != name:
            return
        with lock:
            if next(count) == times and not _disarmed(note).exists():
                with note.open("a") as notes:
                    notes.write(f"{name}\n")
                # To this thread, which then goes not a step further; another would let it go on for a moment.
                signal.pthread_kill(threading.get_ident(), by)

    return reached


def disarm(note: Path) -> None:
    """Whoever notes its end there ends at no point any more."""
    _disarmed(note).touch()


def noted(note: Path) -> list[str]:
    """The points at which processes have ended, in order."""
    return note.read_text().split() if note.exists() else []


def _disarmed(note: Path) -> Path:
    return note.with_name(f"{note.name}-no-more")


def main() -> None:
    module = sys.argv.pop(1)
    if POINT in os.environ:
        arm(os.environ[POINT], Path(os.environ[NOTE]), signal.Signals[os.environ.get(SIGNAL, "SIGKILL")])
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
