"""Which rows a transaction locks first, read from its statements: shared/catalog/locks.py gives the order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from shared.db.engine import Database

ORDER = ("idempotency", "jobs", "chunks", "catalogs", "products", "counters", "shards")
# Nobody can wait for a job or a shard that is being made.
_LOCKS = re.compile(
    r"(?:INSERT INTO (?!jobs|shards)|UPDATE |DELETE FROM "
    r"|SELECT .*?\sFROM (?=.*\sFOR (?:UPDATE|SHARE)))(\w+)",
    re.DOTALL,
)


@contextmanager
def locks_taken(db: Database) -> Iterator[list[list[str]]]:
    """Per transaction, the tables of ORDER in the order of their first locks."""
    taken: list[list[str]] = []

    def begun(*_: Any) -> None:
        taken.append([])

    def asked(*call: Any) -> None:
        found = _LOCKS.match(call[2])
        if found and found[1] in ORDER and found[1] not in taken[-1]:
            taken[-1].append(found[1])

    listeners = (("begin", begun), ("before_cursor_execute", asked))
    for name, listener in listeners:
        event.listen(db.engine, name, listener)
    yield taken
    for name, listener in listeners:
        event.remove(db.engine, name, listener)


def in_order(tables: list[str]) -> bool:
    return tables == sorted(tables, key=ORDER.index)
