"""`tusou up`: run the stack until Ctrl-C."""

from __future__ import annotations

import signal
import time
from types import FrameType

import typer

from services.cli.embedded.stack import AlreadyRunning, DidNotStart, Stack
from services.cli.show import errors
from shared.settings import Settings


class Stop:
    """Set by Ctrl-C or SIGTERM; the main thread looks at it."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise SystemExit(130)
        self.asked = True


def stack_for(settings: Settings, **env: str) -> Stack:
    """The stack with the settings that its children cannot read from our environment."""
    if settings.data_folder is not None:
        env["TUSOU_DATA_FOLDER"] = str(settings.data_folder.absolute())
    return Stack(settings, env)


def serve(settings: Settings) -> None:
    """Start, say where, keep, stop. Exits with 1 and a sentence when a part does not start."""
    stop = Stop()
    stack = stack_for(settings)
    try:
        stack.start(lambda what: typer.echo(f"starting {what} …"))
        typer.echo(f"Tusou serves at {stack.url}  (data and logs in {stack.home}; Ctrl-C stops)")
        keep(stack, stop)
    except (AlreadyRunning, DidNotStart) as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    finally:
        stack.stop()


def keep(stack: Stack, stop: Stop) -> None:
    while not stop.asked:
        for name in stack.keep():
            errors.print(
                f"{name} had stopped and was started again; see {stack.child(name).log}", markup=False
            )
        time.sleep(0.2)
    typer.echo("stopping …")
