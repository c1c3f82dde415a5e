"""Freed pages give up what they held: a deleted row's bytes stay in a file until something overwrites them.

SQLite overwrites them itself (`secure_delete`); PostgreSQL does not, neither when a row goes nor by a plain
VACUUM, and no SQL reaches the holes of its pages. So a table that is small enough is written anew, and all
wait meanwhile. Of a larger one the file is noted: while it is the same, old bytes may stand in it, and so
nothing counts as erased. VACUUM FULL, pg_repack and whatever else writes a table anew give it another file.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from shared.db.tables import metadata
from shared.errors import Unavailable

# A whole SQLite file that is written anew in about a second.
SQLITE_WRITTEN_ANEW_UP_TO = 64 * 2**20
LOCK_WITHIN_S = 1
READERS_GONE_WITHIN_S = 5.0


def scrub_sqlite(c: Connection) -> None:
    """The caller holds the writers' lock. Raises Unavailable when a reader still needs the log of changes."""
    pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
    size = pages * c.exec_driver_sql("PRAGMA page_size").scalar_one()
    if size <= SQLITE_WRITTEN_ANEW_UP_TO:
        c.exec_driver_sql("VACUUM")
    busy = c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    if busy:
        raise _held("a reader")


def scrub_postgres(c: Connection, up_to: int) -> dict[str, str]:
    """Write tables of at most `up_to` bytes anew; of the others {table: its file}, which keeps old bytes.

    `c` is in autocommit. Raises Unavailable when a long transaction still sees what was deleted.
    """
    _await_readers(c)
    larger = []
    try:
        # A large table takes longer than any statement of a request may.
        c.execute(text("SET statement_timeout = 0"))
        c.execute(text(f"SET lock_timeout = '{LOCK_WITHIN_S}s'"))
        for table in metadata.sorted_tables:
            size = c.execute(text("SELECT pg_total_relation_size(:name)"), {"name": table.name}).scalar_one()
            if size <= up_to:
                c.execute(text(f"VACUUM (FULL) {table.name}"))
            else:
                larger.append(table.name)
                c.execute(text(f"VACUUM {table.name}"))
    finally:
        c.execute(text("RESET statement_timeout"))
        c.execute(text("RESET lock_timeout"))
    files = table_files(c)
    return {name: files[name] for name in larger}


def table_files(c: Connection) -> dict[str, str]:
    """{table: its file}; another one once the table was written anew."""
    query = text("SELECT pg_relation_filepath(CAST(:name AS regclass))")
    return {t.name: c.execute(query, {"name": t.name}).scalar_one() for t in metadata.sorted_tables}


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
