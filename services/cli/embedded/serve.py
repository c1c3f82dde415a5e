"""`tusou up`: run the stack until Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import time
from types import FrameType

import typer

from services.cli.embedded.stack import Stack
from services.cli.show import console, errors
from services.cli.trouble import INTERRUPTED
from shared.settings import Settings


def stop_on_signals() -> None:
    """Ctrl-C and SIGTERM end what the main thread does, at any moment; a second one ends the process at once.

    The kernel then ends the parts (`embedded/child.py`).
    """

    def ask(_signal: int, _frame: FrameType | None) -> None:
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, _give_up)
        raise KeyboardInterrupt

    for first in (signal.SIGINT, signal.SIGTERM):
        signal.signal(first, ask)


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(INTERRUPTED)


def stack_for(settings: Settings, **env: str) -> Stack:
    """The stack with the settings that its children cannot read from our environment."""
    if settings.data_folder is not None:
        env["TUSOU_DATA_FOLDER"] = str(settings.data_folder.absolute())
    return Stack(settings, env)


def serve(settings: Settings) -> int:
    """Start, say where, keep, stop. The exit status. Raises Trouble when a part does not start."""
    stop_on_signals()
    stack = stack_for(settings)
    try:
        typer.echo("starting Valkey, gateway, vision worker, index worker, keeper …")
        stack.begin()
        wait_ready(stack)
        typer.echo(f"Tusou serves at {stack.url}  (data and logs in {stack.home}; Ctrl-C stops)")
        keep(stack)
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        stack.stop()


def wait_ready(stack: Stack) -> None:
    """Shows which parts are waited for. Raises DidNotStart."""
    with console.status("waiting for the gateway") as shown:
        stack.wait_ready(lambda what: shown.update(f"waiting for {what}"))


def keep(stack: Stack) -> None:
    """Until Ctrl-C or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            for name in stack.keep():
                errors.print(
                    f"{name} had stopped and was started again; see {stack.child(name).log}", markup=False
                )
            time.sleep(0.2)
    typer.echo("stopping …")
