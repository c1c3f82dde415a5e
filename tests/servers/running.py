"""How a test gets a server of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tests.servers.absent import NotInstalled, missing
from tests.servers.server import Server

S = TypeVar("S", bound=Server)


@contextmanager
def running(make: Callable[[], S]) -> Iterator[S]:
    """A started server, gone afterwards; skips the test (in CI: fails it) where the program is missing."""
    try:
        server = make()
    except NotInstalled as absent:
        missing(absent.name, absent.reason)
    with server:
        yield server
