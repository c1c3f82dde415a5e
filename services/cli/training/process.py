"""The trainer as a process of ours: its lines are shown as they come, and Ctrl-C ends it in order."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

import typer

from services.cli import show
from services.cli.embedded.child import die_with_parent
from services.cli.training.view import View
from services.cli.trouble import INTERRUPTED, Trouble

# An epoch's checkpoint is written at once or not at all, so there is little to wait for.
_PATIENCE_S: Final = 10.0
TRAINER: Final = ("-P", "-m", "workers.trainer")


def run_trainer(arguments: list[str], trainer: Sequence[str] = TRAINER) -> int:
    """`trainer` is what Python runs. Its exit status. Raises Trouble where it fails or is killed."""
    process = subprocess.Popen(  # noqa: S603 - the command is ours, without a shell
        [sys.executable, *trainer, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # Its own session: a Ctrl-C at the terminal reaches us alone, and we end the trainer.
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        failed = _follow(process)
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        # Unbroken, so that the command can be copied.
        show.errors.print(f"stopped{_how_to_resume(arguments)}", markup=False, soft_wrap=True)
        return INTERRUPTED
    if failed:
        raise Trouble(failed)
    if code < 0:  # it could say nothing, and nobody else would
        raise Trouble(f"the trainer was ended by {_signal(-code)}{_how_to_resume(arguments)}")
    return code


def _follow(process: subprocess.Popen[str]) -> str | None:
    """Shows every line; what the trainer said of its failure."""
    failed = None
    with View() as view:
        for line in process.stdout or ():
            event = _event(line)
            if event is None:
                typer.echo(line, nl=False)  # such as its help
            elif event["event"] == "failed":
                failed = str(event["error"])
            else:
                view.show(event)
    return failed


def _event(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and "event" in said else None


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _signal(number: int) -> str:
    out_of_memory = ", as a system does that runs out of memory" if number == signal.SIGKILL else ""
    return f"{signal.Signals(number).name}{out_of_memory}"


def _how_to_resume(arguments: list[str]) -> str:
    if arguments[0] != "train":
        return ""
    return f"; the same command goes on from the last checkpoint: tusou {shlex.join(arguments)}"
