"""Anything of any length in pieces that one statement or transaction takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, none of them empty; as itertools.batched, which Python 3.11 lacks."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some
