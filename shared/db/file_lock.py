"""The lock that SQLite's writers take before they begin: its own busy handler keeps some waiting for long."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

from shared.errors import Unavailable

# As long as a PostgreSQL that has stopped is waited for: a frozen writer means 503 and not a hang.
WRITER_WAIT_S = 3.0
# Worst wait of eight writers: 0.14 s; 0.6 s when asked each millisecond, 0.17 s in a flock without a limit.
LOOK_AGAIN_S = 0.0002


class FileLock:
    """One writer at a time among all processes (flock) and among our threads (a lock)."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._thread_lock = threading.Lock()
        self._fd: int | None = None

    def __enter__(self) -> None:
        """Raises Unavailable when another writer keeps it for WRITER_WAIT_S."""
        deadline = time.monotonic() + WRITER_WAIT_S
        if not self._thread_lock.acquire(timeout=WRITER_WAIT_S):
            raise _busy()
        try:
            if self._fd is None:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _lock_before(self._fd, deadline)
        except BaseException:
            self._thread_lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            if self._fd is not None:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()


def _lock_before(fd: int, deadline: float) -> None:
    """flock has no limit of its own, so it is asked again and again."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy() from None
            time.sleep(LOOK_AGAIN_S)


def _busy() -> Unavailable:
    return Unavailable("the database is held by another writer", code="database_unavailable")
