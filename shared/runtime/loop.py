"""A function called again and again on a thread of its own, whatever happens to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from shared.errors import Unavailable

log = logging.getLogger(__name__)

# A quick loop that fails slows down to this; a slower one keeps its pace, so that a lease it renews holds.
SLOWED_TO_S = 2.0


class Repeating:
    """Calls `function` every `every` seconds in a daemon thread, from `start` until `stop`.

    `wake` shortens a wait, but `rest` seconds at least lie between two calls. Unavailable is a warning,
    anything else that is raised a logged surprise; after failures the pauses double, and no `wake`
    shortens them.
    """

    def __init__(self, name: str, function: Callable[[], object], every: float, *, rest: float = 0.0) -> None:
        self._name = name
        self._function = function
        self._every = every
        self._rest = rest
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, *, at_once: bool = False) -> None:
        """The first call comes after `every` seconds, or at once."""
        self._thread = threading.Thread(target=self._run, args=(at_once,), name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        """No further call begins; returns at once, so that a signal handler or the function may say it."""
        self._ended.set()
        self._woken.set()

    def stop(self, within: float | None = None) -> None:
        """`end`, and wait for the call that runs, at most `within` seconds."""
        self.end()
        if self._thread is not None:
            self._thread.join(within)

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, at_once: bool) -> None:
        failures = 0
        if not at_once:
            self._woken.wait(self._every)
        while not self.ended:
            self._woken.clear()
            failures = 0 if self._succeeds() else failures + 1
            self._pause(failures)

    def _succeeds(self) -> bool:
        try:
            self._function()
        except Unavailable as error:
            log.warning("%s waits: %s", self._name, error.detail)
        except Exception:
            log.exception("%s stumbled", self._name)
        else:
            return True
        return False

    def _pause(self, failures: int) -> None:
        if failures:
            # Powers beyond the tenth would only overflow.
            slower = self._every * 2.0 ** min(failures, 10)
            self._ended.wait(min(slower, max(self._every, SLOWED_TO_S)))
            return
        if not self._ended.wait(self._rest):
            self._woken.wait(max(0.0, self._every - self._rest))
