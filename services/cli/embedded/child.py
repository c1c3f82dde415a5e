"""One child process: started, restarted with backoff when it dies, stopped in order."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
# A child that ran so long had recovered; its next death is a new story.
STEADY_AFTER_S = 30.0
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """On Linux the kernel ends the child when we end, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """`log` collects what the process writes to standard error and output."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._env = {**os.environ, **env}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._backoff = FIRST_BACKOFF_S
        self._restart_at = 0.0
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        with self.log.open("ab") as log:
            # Its own session: a Ctrl-C at the terminal reaches us alone, and we stop the children in order.
            self._process = subprocess.Popen(  # noqa: S603 - commands are ours, without a shell
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._started_at = time.monotonic()

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def keep(self) -> bool:
        """Restart it when it has died and its backoff is over; true when it had to be restarted."""
        if self.running():
            return False
        clock = time.monotonic()
        if not self._restart_at:
            if clock - self._started_at > STEADY_AFTER_S:
                self._backoff = FIRST_BACKOFF_S
            self._restart_at = clock + self._backoff
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_S)
        if clock < self._restart_at:
            return False
        self._restart_at = 0.0
        self.restarts += 1
        self.start()
        return True

    def signal_stop(self) -> None:
        if self._process is not None and self.running():
            self._process.terminate()

    def wait_stopped(self, timeout: float) -> None:
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        if self.running():
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
