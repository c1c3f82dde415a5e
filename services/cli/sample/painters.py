"""Paints the whole catalogue, in as many processes as are worth it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from services.cli.sample.paint import Order, Painted, paint

_ROOT = Path(__file__).parents[3]
_MOST_PAINTERS = 8
# Starting a painter takes as long as painting about ten products.
_WORTH_A_PAINTER = 30


def paint_all(folder: Path, seed: int, count: int) -> Generator[Painted, None, None]:
    """Every product of the catalogue, in any order. Closing the iterator ends the painters.

    Raises OSError where the folder cannot be written, RuntimeError if a painter dies.
    """
    painters = min(os.cpu_count() or 1, _MOST_PAINTERS, count // _WORTH_A_PAINTER)
    if painters < 2:
        yield from paint(Order(str(folder), seed, count, first=0, step=1))
        return
    with ExitStack() as stack:
        read, write = os.pipe()
        lines = stack.enter_context(os.fdopen(read, encoding="utf-8"))
        children = []
        try:
            for first in range(painters):
                order = Order(str(folder), seed, count, first=first, step=painters)
                children.append(stack.enter_context(_painter(order, write)))
                stack.callback(children[-1].kill)
        finally:
            os.close(write)  # the pipe ends when the last painter has closed its own copy
        for line in lines:
            yield Painted(**json.loads(line))
        for child in children:
            if child.wait() != 0:
                raise RuntimeError(f"a painter of the sample catalogue ended with status {child.returncode}")


def _painter(order: Order, output: int) -> subprocess.Popen[bytes]:
    # A program of its own: multiprocessing would import the caller's main module again, or fork its threads.
    # A line is shorter than PIPE_BUF, so the painters' lines do not mix.
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603 - our own program, without a shell
        [sys.executable, "-P", "-m", "services.cli.sample.paint", json.dumps(asdict(order))],
        stdin=subprocess.DEVNULL,
        stdout=output,
        env={**os.environ, "PYTHONPATH": path},
    )
