"""Deleting much in small transactions, so that nobody waits long for a row or for SQLite's one writer."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

from shared.db.engine import Database
from shared.kill_points import kill_point

AT_ONCE = 500
# What is left then waits for the next round.
BATCHES_A_ROUND = 20


def in_batches(db: Database, step: Callable[[Connection], int]) -> int:
    """Repeat `step`, each time in a transaction of its own, while it does AT_ONCE; returns the sum."""
    total = 0
    for _ in range(BATCHES_A_ROUND):
        with db.write() as c:
            done = step(c)
        kill_point("expire.batch_committed")
        total += done
        if done < AT_ONCE:
            break
    return total


def delete_old(db: Database, table: Table, *old: ColumnElement[bool]) -> int:
    """Delete the rows that are `old`, in order of their key; one that is locked is not waited for."""
    key = list(table.primary_key)
    found = select(*key).where(*old).order_by(*key).limit(AT_ONCE).with_for_update(skip_locked=True)

    def step(c: Connection) -> int:
        keys = [tuple(row) for row in c.execute(found)]
        if keys:
            c.execute(delete(table).where(tuple_(*key).in_(keys)))
        return len(keys)

    return in_batches(db, step)
