"""Whose turn it is wherever work waits in a vision worker: for the model, a decode child, a thread."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """The smaller goes first."""

    SEARCH = 0
    WRITE = 1
    IMPORT = 2
