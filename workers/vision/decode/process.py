"""One decode child as its parent sees it, from start to end. A lost child is not mended but replaced."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import workers
from shared.reasons import Reason
from workers.vision.decode.channel import BadFrame, Channel
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan
from workers.vision.decode.wire import answer_from_frame, limits_to_json, plan_to_json

log = logging.getLogger(__name__)

# Python with Pillow and NumPy is there in 0.2 s; on a machine that is short of everything it takes its time.
_START_S: Final = 15.0
_END_S: Final = 1.0
# A third of the weight of others on a processor that all of them want.
_NICE: Final = 5
# The child works on hostile bytes: of our environment it gets what a program needs to run, and no secret.
_INHERITED: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
# Each thread of a BLAS would take its stack and its buffers out of the limited address space.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class DecodeProcess:
    """Used by one thread at a time; only `alive` may be asked by others."""

    def __init__(self, limits: DecodeLimits, program: str, *, background: bool = False) -> None:
        """Start `program`, a module's name, without waiting for it. Raises OSError where that cannot be.

        In the background everything else on the machine goes first.
        """
        self._limits = limits
        self._greeted = False
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # The program is our own module: nothing of a request is in the command.
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", "-m", program, json.dumps(limits_to_json(limits))],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends its children
                )
            except OSError:
                ours.close()
                raise
        self._channel = Channel(ours)
        self.pid = self._process.pid
        if background:
            _be_nice(self.pid)

    def alive(self) -> bool:
        return self._process.poll() is None

    def ready(self) -> bool:
        """Whether the child has started; waits for it the first time. One that did not start is ended."""
        if not self._greeted:
            try:
                self._channel.receive(time.monotonic() + _START_S)
            except (OSError, BadFrame) as error:
                log.warning("decode child %d did not start: %r", self.pid, error)
                self.end(patience_s=0)
                return False
            self._greeted = True
        return self.alive()

    def decode(self, data: bytes, plan: DecodePlan) -> Decoded | Reason:
        """What the child makes of an image. After a crash, a hang or nonsense it is ended: see `alive`."""
        deadline = time.monotonic() + self._limits.wall_s
        try:
            self._channel.send(plan_to_json(plan), data, deadline=deadline)
            header, payloads = self._channel.receive(deadline)
            answer = answer_from_frame(header, payloads)
        except TimeoutError:
            self.end(patience_s=0)
            return Reason("decode_timeout", threshold=self._limits.wall_s)
        except (OSError, BadFrame) as error:
            return self._crashed(error)
        if header.get("detail"):
            log.info("undecodable image: %s", header["detail"])
        return answer

    def end(self, patience_s: float = _END_S) -> int:
        """The child's exit status, negative for a signal; killed if it does not go when its socket closes."""
        self._channel.close()
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _crashed(self, error: Exception) -> Reason:
        status = self.end()
        log.warning("decode child %d lost, exit status %d: %r", self.pid, status, error)
        if status == -signal.SIGXCPU:
            return Reason("decode_timeout", threshold=self._limits.cpu_s)
        return Reason("decode_crashed")


def _be_nice(pid: int) -> None:
    """The system may refuse, and the child may be gone: then it is not."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
    # Outside of containers Linux may divide the processor among sessions first, and each child is one.
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(f"{_NICE}\n")


def _environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # With -P the child does not look where it stands; it must import the very packages that we are from.
    root = Path(workers.__file__ or "").parents[1]
    return {**inherited, **_ONE_THREAD, "PYTHONPATH": str(root)}
