"""Freed pages give up what they held: a deleted row's bytes stay in a file until something overwrites them.

SQLite overwrites them itself (`secure_delete`); PostgreSQL does not, neither when a row goes nor by a plain
VACUUM. So what is small enough is written anew, and everybody waits for a second. Where it is larger, the
old bytes of PostgreSQL stay until their space is used again: docs/operations.md says what to do then.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from shared.db.tables import metadata
from shared.errors import Unavailable

# A table, or a whole SQLite file, that is written anew in about a second.
WRITTEN_ANEW_UP_TO = 64 * 2**20
LOCK_WITHIN_S = 1
READERS_GONE_WITHIN_S = 5.0


def scrub_sqlite(c: Connection) -> None:
    """The caller holds the writers' lock. Raises Unavailable when a reader still needs the log of changes."""
    pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
    size = pages * c.exec_driver_sql("PRAGMA page_size").scalar_one()
    if size <= WRITTEN_ANEW_UP_TO:
        c.exec_driver_sql("VACUUM")
    busy = c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    if busy:
        raise _held("a reader")


def scrub_postgres(c: Connection) -> None:
    """`c` is in autocommit. Raises Unavailable when a long transaction still sees what was deleted."""
    _await_readers(c)
    try:
        # A large table takes longer than any statement of a request may.
        c.execute(text("SET statement_timeout = 0"))
        c.execute(text(f"SET lock_timeout = '{LOCK_WITHIN_S}s'"))
        for table in metadata.sorted_tables:
            size = c.execute(text("SELECT pg_total_relation_size(:name)"), {"name": table.name}).scalar_one()
            full = "(FULL)" if size <= WRITTEN_ANEW_UP_TO else ""
            c.execute(text(f"VACUUM {full} {table.name}"))
    finally:
        c.execute(text("RESET statement_timeout"))
        c.execute(text("RESET lock_timeout"))


def _await_readers(c: Connection) -> None:
    """A row that was deleted stays while any transaction from before might look at it."""
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL AND xact_start < to_timestamp(:began)"
    )
    began = c.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    deadline = time.monotonic() + READERS_GONE_WITHIN_S
    while c.execute(older, {"began": began}).scalar_one():
        if time.monotonic() > deadline:
            raise _held("a long transaction")
        time.sleep(0.1)


def _held(whom: str) -> Unavailable:
    return Unavailable(
        f"freed pages are held by {whom}; they are scrubbed later", code="database_unavailable"
    )
