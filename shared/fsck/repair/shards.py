"""A shard whose log or snapshots cannot be trusted begins a new history.

What is current stands in SQL, and index workers can load a shard from there (workers/indexer/rebuild.py).
The new history begins with one entry that follows nothing anybody holds: whoever serves the shard finds
itself off the path, drops it, and loads it again.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, delete, func, select, update

from shared.db.engine import now
from shared.db.tables import log as log_rows
from shared.db.tables import shards, snapshots
from shared.index import entries, log
from shared.storage import owners


def renew(c: Connection, index_id: str, shard: int) -> None:
    """Snapshots and entries of the shard go; versions given out before are met by the new history."""
    here = (shards.c.index_id == index_id, shards.c.shard == shard)
    seq = c.execute(select(shards.c.seq).where(*here).with_for_update()).scalar_one()
    theirs = (log_rows.c.index_id == index_id, log_rows.c.shard == shard)
    newest = c.execute(select(func.max(log_rows.c.seq)).where(*theirs)).scalar() or 0
    end = max(seq, newest)
    drop_snapshots(c, index_id, shard)
    c.execute(delete(log_rows).where(*theirs))
    c.execute(
        update(shards)
        .where(*here)
        .values(seq=end, chain=secrets.token_hex(8), trimmed_to=end, seal_wanted=True)
    )
    log.append(c, index_id, {shard: [entries.patch({})]})


def cut_numbers(c: Connection, index_id: str, shard: int) -> None:
    """No number of the shard's row is beyond its log's end; it is sealed, so that they are right again."""
    here = (shards.c.index_id == index_id, shards.c.shard == shard)
    row = c.execute(select(shards).where(*here).with_for_update()).one()
    values = {name: min(getattr(row, name), row.seq) for name in ("sealed_seq", "renew_seq", "purge_seq")}
    values["sealed_rows_logged"] = min(row.sealed_rows_logged, row.rows_logged)
    c.execute(update(shards).where(*here).values(**values, seal_wanted=True, changed_at=now()))


def drop_snapshots(c: Connection, index_id: str, shard: int, only: str | None = None) -> None:
    """Those of the shard, or only one; files that another one names stay. A new one is asked for."""
    here = (snapshots.c.index_id == index_id, snapshots.c.shard == shard)
    rows = list(c.execute(select(snapshots).where(*here)))
    gone = [row for row in rows if only in (None, row.id)]
    kept = {s["object"] for row in rows if row not in gone for s in row.files.values()}
    owners.remove(c, (s["object"] for row in gone for s in row.files.values() if s["object"] not in kept))
    c.execute(delete(snapshots).where(snapshots.c.id.in_([row.id for row in gone])))
    c.execute(
        update(shards)
        .where(shards.c.index_id == index_id, shards.c.shard == shard)
        .values(seal_wanted=True, changed_at=now())
    )
