"""What is printed goes into a pipe, as in `tusou … | head`: when its reader has left, we end as others do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TextIO, cast

CLOSED = 141  # what a shell says of a program that SIGPIPE ended


class Output:
    """A stream whose closed pipe ends the program, before a library makes another status or a message of it.

    Python ignores SIGPIPE, and has to: our sockets would die of it too.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._end()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _end(self) -> NoReturn:
        # What is still buffered is flushed once more at the end of the program, and has to go somewhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        raise SystemExit(CLOSED)


@contextmanager
def into_a_pipe() -> Iterator[None]:
    """Standard output as `Output` while the block runs."""
    before, output = sys.stdout, Output(sys.stdout)
    sys.stdout = cast(TextIO, output)
    try:
        yield
    finally:
        sys.stdout = before
        output.flush()  # a command ends by SystemExit; later is too late
