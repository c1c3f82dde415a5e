"""What the default run of the tests leaves out for its time's sake, and `TUSOU_TEST_LONG=1` adds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import cycle, product
from typing import TypeVar

T = TypeVar("T")

LONG = bool(os.environ.get("TUSOU_TEST_LONG"))
DATABASES = ("sqlite", "postgres")
# (database, broker). The first is the one that no other test of the default run stands on.
PAIRS = (("sqlite", "rabbitmq"), ("postgres", "redis"), ("postgres", "rabbitmq"), ("sqlite", "redis"))


def each_on_some_database(cases: Iterable[T]) -> list[tuple[str, T]]:
    """(database, case): in the long run every case on both, else on one and the other in turn."""
    return list(product(DATABASES, cases)) if LONG else list(zip(cycle(DATABASES), cases, strict=False))


def each_on_some_pair(cases: Iterable[T]) -> list[tuple[str, str, T]]:
    """(database, broker, case): in the long run every case on each pair, else on one after the other."""
    pairs = product(PAIRS, cases) if LONG else zip(cycle(PAIRS), cases, strict=False)
    return [(*pair, case) for pair, case in pairs]
