"""Signals and checks that do not mind a process that has just ended."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import psutil


def send(process: psutil.Process, what: signal.Signals) -> None:
    try:
        process.send_signal(what)
    except psutil.NoSuchProcess:
        return


def alive(process: psutil.Process) -> bool:
    """A zombie is gone: it only waits for whoever adopted it to take note."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def stopped(process: psutil.Process) -> bool:
    """Whether every thread of it has taken SIGSTOP; where there is no /proc, whether the process has."""
    tasks = Path(f"/proc/{process.pid}/task")
    try:
        if not tasks.is_dir():
            return bool(process.status() == psutil.STATUS_STOPPED)
        states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks.iterdir()]
    except (psutil.NoSuchProcess, OSError):
        return True
    return all(state in "Tt" for state in states)


def wait_until_gone(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Those that still run after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    left = [process for process in processes if alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.01)
        left = [process for process in left if alive(process)]
    return left


def ending_with_us(command: list[str]) -> list[str]:
    """The command of a process that, where Linux offers it, also ends when pytest itself is killed.

    Linux watches the thread that started it, so that has to be the main one.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else command
