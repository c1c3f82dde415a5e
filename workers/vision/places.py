"""Of the threads that searches and writes run on, those that strangers' image hosts may hold up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# As long as a host that answers takes for a photo, and more.
PATIENCE_S = 1.0


class NoPlaceError(Exception):
    """Too many wait for image hosts: the job is put off, which is no try of it."""


class Places:
    """Half of the threads may wait for image hosts; a quarter more waits for one of these places a moment.

    So hosts that hang never hold all threads, and photos that are here already are searched with meanwhile.
    """

    def __init__(self, threads: int, *, patience: float = PATIENCE_S) -> None:
        self._fetching = threading.Semaphore(max(1, threads // 2))
        self._here = threading.Semaphore(max(1, threads * 3 // 4))
        self._patience = patience

    @contextmanager
    def place(self) -> Iterator[None]:
        """Raises NoPlaceError."""
        if not self._here.acquire(blocking=False):
            raise NoPlaceError
        try:
            if not self._fetching.acquire(timeout=self._patience):
                raise NoPlaceError
            try:
                yield
            finally:
                self._fetching.release()
        finally:
            self._here.release()
