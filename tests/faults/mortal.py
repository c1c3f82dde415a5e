"""Steps of our processes in children of their own, which a kill point may end by a real `kill -9`.

A child is forked from a server that has imported everything and started no thread: it begins within
milliseconds, so that every point can be hit in every run of the tests. What it leaves is what a dead process
leaves: files, rows, locks and half-written objects.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from shared import kill_points
from tests.faults.armed import arm, noted

WITHIN_S = 60.0

_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload(["tests.faults.stories", "tests.faults.index_lives"])


def run(step: Callable[..., Any], *args: Any) -> Any:
    """What `step` returns, told by a child. An assertion that fails there fails here."""
    ours, theirs = _fork.Pipe(duplex=False)
    child = _fork.Process(target=_tell, args=(theirs, step, args), daemon=True)
    child.start()
    theirs.close()
    try:
        assert ours.poll(WITHIN_S), f"{step.__qualname__} did not end within {WITHIN_S:g} s"
        good, result = ours.recv()
    finally:
        child.kill()
        child.join()
    assert good, result
    return result


def dies_at(point: str, step: Callable[..., Any], *args: Any) -> bool:
    """Whether a child that does `step` reaches `point`, and so ends there."""
    with tempfile.TemporaryDirectory(prefix="tusou-died-") as folder:
        note = Path(folder) / "note"
        child = _fork.Process(target=_die, args=(point, note, step, args), daemon=True)
        child.start()
        child.join(WITHIN_S)
        assert child.exitcode in (0, -signal.SIGKILL), f"{step.__qualname__} ended with {child.exitcode}"
        return child.exitcode == -signal.SIGKILL and noted(note) == [point.partition(":")[0]]


def dies_after(seconds: float, step: Callable[..., Any], *args: Any) -> bool:
    """Whether a child that does `step` is still at it so long after its begin, and so is killed."""
    ours, theirs = _fork.Pipe(duplex=False)
    child = _fork.Process(target=_begin, args=(theirs, step, args), daemon=True)
    child.start()
    theirs.close()
    assert ours.poll(WITHIN_S), f"{step.__qualname__} did not begin within {WITHIN_S:g} s"
    child.join(seconds)
    child.kill()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), f"{step.__qualname__} ended with {child.exitcode}"
    return child.exitcode == -signal.SIGKILL


def _begin(pipe: Connection, step: Callable[..., Any], args: tuple[Any, ...]) -> None:
    pipe.send(True)
    step(*args)


@contextmanager
def paused_at(point: str, step: Callable[..., Any], *args: Any) -> Iterator[None]:
    """A child that does `step` stands still at `point` while the block runs; then it wakes and ends."""
    child = _fork.Process(target=_pause, args=(point, step, args), daemon=True)
    child.start()
    assert child.pid is not None
    try:
        _await_pause(child.pid, f"{point} is never reached")
        yield
        os.kill(child.pid, signal.SIGCONT)
        child.join(WITHIN_S)
        assert child.exitcode == 0, f"{step.__qualname__} ended with {child.exitcode} after its pause"
    finally:
        child.kill()
        child.join()


def _await_pause(pid: int, otherwise: str) -> None:
    """Until the forkserver's child has stopped itself."""
    deadline = time.monotonic() + WITHIN_S
    while (state := psutil.Process(pid).status()) != psutil.STATUS_STOPPED:
        assert state != psutil.STATUS_ZOMBIE, otherwise
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.005)


def _pause(point: str, step: Callable[..., Any], args: tuple[Any, ...]) -> None:
    def reached(name: str) -> None:
        if name == point:
            kill_points.reached = None
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    kill_points.reached = reached
    step(*args)


def _tell(pipe: Connection, step: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        pipe.send((True, step(*args)))
    except BaseException:
        pipe.send((False, traceback.format_exc()))


def _die(point: str, note: Path, step: Callable[..., Any], args: tuple[Any, ...]) -> None:
    arm(point, note)
    step(*args)
