"""Which files can be learnt from, judged from their headers before hours are spent."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shared.images.header import HeaderProblem, read_header
from workers.trainer.data.example import Example
from workers.trainer.data.parts import LeftOut


def example_of(path: Path, label: str, group: str | None = None) -> Example | LeftOut:
    """An example; its group is the hash of its bytes where none is given, so copies stay together."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return LeftOut(str(path), f"cannot be read: {error.strerror}")
    header = read_header(content)
    if isinstance(header, HeaderProblem):
        return LeftOut(str(path), header.detail)
    return Example(path, label, group or hashlib.sha256(content).hexdigest())
