"""A real deployment for tests: every process, embedded parts, in a temporary folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.cli.client import Client
from services.cli.embedded.address import free_port
from services.cli.embedded.stack import Stack
from shared.settings import Settings


@contextmanager
def deployed(
    home: Path, *, model: str = "descriptor", data_folder: Path | None = None, **env: str
) -> Iterator[Stack]:
    """Run the stack until the block ends; `env` adds settings, as TUSOU_LEASE="2"."""
    settings = Settings(home=home, port=free_port(), model=model)
    env = {"TUSOU_MODEL": model, "TUSOU_LOG_LEVEL": "INFO", **env}
    if data_folder is not None:
        env["TUSOU_DATA_FOLDER"] = str(data_folder)
    stack = Stack(settings, env)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def client_of(stack: Stack) -> Client:
    return Client(Settings(), url=stack.url)


def until(condition: Callable[[], Any], *, within: float, what: str) -> Any:
    """The first true value of `condition`; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(0.05)
    return found
