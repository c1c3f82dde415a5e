"""Work that may wait: one thread of its own, so that it takes none of those that searches run on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)


class Aside:
    """One piece after another. A row is not claimed before its turn, so whatever is lost is sent again."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def do(self, what: str, work: Callable[[], None]) -> None:
        """Begin `work` in its turn; of no effect while `what` waits or runs already, or after `close`."""
        with self._lock:
            if what in self._known:
                return
            self._known.add(what)
        try:
            self._pool.submit(self._run, what, work)
        except RuntimeError:  # the pool is closed
            self._forget(what)

    def close(self) -> None:
        """What waits is dropped, and what runs is waited for."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("not done: %s", what)
        finally:
            self._forget(what)

    def _forget(self, what: str) -> None:
        with self._lock:
            self._known.discard(what)
