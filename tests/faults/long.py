"""What the default run of the tests leaves out for its time's sake, and `TUSOU_TEST_LONG=1` adds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import cycle, product
from typing import TypeVar

T = TypeVar("T")

LONG = bool(os.environ.get("TUSOU_TEST_LONG"))
DATABASES = ("sqlite", "postgres")


def each_on_some_database(cases: Iterable[T]) -> list[tuple[str, T]]:
    """(database, case): in the long run every case on both, else on one and the other in turn."""
    return list(product(DATABASES, cases)) if LONG else list(zip(cycle(DATABASES), cases, strict=False))
