"""A snapshot goes live: its files stored and read back, then one entry `sealed` in the log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update

from shared.db.engine import now
from shared.db.tables import log as log_rows
from shared.db.tables import shards, snapshots
from shared.ids import new_id
from shared.index import entries, log
from shared.kill_points import kill_point
from shared.storage import owners
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import SealedFiles
from workers.indexer.shards import Key, View
from workers.indexer.stored_files import Files, store_files


def go_live(
    indexer: Indexer, key: Key, tenant: str, view: View, rows_logged: int, sealed: SealedFiles
) -> bool:
    """Announce what was sealed at `view`; false when the lease was lost, a newer snapshot is there, or the
    log is not the one that `view` was built from.

    `rows_logged` is what the log counted at `view` (or before): what came later counts as new. Raises
    what `store_files` raises.
    """
    stored = store_files(indexer, key, tenant, sealed)
    kill_point("snapshot.stored")
    with indexer.db.write() as c:
        if not _move_on(c, key, indexer.settings.process, view, rows_logged):
            return False
        kill_point("live.pointer_moved")
        owners.own(c, tenant, stored.fresh)
        _mark_bad(c, key, stored.damaged)
        _announce(c, key, view, sealed.manifest, stored.files)
        kill_point("live.announced")
        _trim(c, key)
        kill_point("live.trimmed")
    kill_point("live.committed")
    indexer.notifier.log_grew(key[0])
    return True


def _move_on(c: Connection, key: Key, holder: str, view: View, rows_logged: int) -> bool:
    """The pointer in SQL only moves forward, along the log's own path, and only for whoever holds the
    shard's lease."""
    index_id, shard = key
    # A view newer than the newest snapshot has its entry still, if the database is the one it was read from.
    on_path = exists().where(
        log_rows.c.index_id == index_id,
        log_rows.c.shard == shard,
        log_rows.c.seq == view.seq,
        log_rows.c.chain == view.chain,
    )
    mine = c.execute(
        update(shards)
        .where(
            shards.c.index_id == index_id,
            shards.c.shard == shard,
            shards.c.seal_holder == holder,
            shards.c.sealed_seq < view.seq,
            on_path,
        )
        .values(
            seal_holder=None,
            seal_lease_until=None,
            seal_wanted=False,
            sealed_seq=view.seq,
            sealed_rows_logged=rows_logged,
        )
    )
    return mine.rowcount == 1


def _mark_bad(c: Connection, key: Key, damaged: frozenset[str]) -> None:
    """The log is not trimmed to a snapshot that names a damaged object."""
    index_id, shard = key
    query = select(snapshots).where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
    bad = [
        row.id for row in c.execute(query) if not damaged.isdisjoint(f["object"] for f in row.files.values())
    ]
    c.execute(update(snapshots).where(snapshots.c.id.in_(bad)).values(bad_at=now()))


def _announce(c: Connection, key: Key, view: View, manifest: dict[str, Any], files: Files) -> None:
    index_id, shard = key
    snapshot_id = new_id()
    c.execute(
        insert(snapshots).values(
            id=snapshot_id,
            index_id=index_id,
            shard=shard,
            seq=view.seq,
            chain=view.chain,
            manifest=manifest,
            files=files,
            created_at=now(),
        )
    )
    entry = entries.sealed(snapshot_id, view.seq)
    log.append(c, index_id, {shard: [entry]})


def _trim(c: Connection, key: Key) -> None:
    """Keep two good snapshots and the log since the older of them."""
    index_id, shard = key
    here = (snapshots.c.index_id == index_id, snapshots.c.shard == shard)
    rows = list(c.execute(select(snapshots).where(*here).order_by(snapshots.c.seq.desc())))
    good = [row for row in rows if row.bad_at is None]
    if len(good) < 2:
        return
    newest, second = good[:2]
    c.execute(
        delete(log_rows).where(
            log_rows.c.index_id == index_id, log_rows.c.shard == shard, log_rows.c.seq <= second.seq
        )
    )
    c.execute(
        update(shards)
        .where(shards.c.index_id == index_id, shards.c.shard == shard)
        .values(trimmed_to=second.seq)
    )
    kept = {stored["object"] for row in (newest, second) for stored in row.files.values()}
    old = [row for row in rows if row.id not in {newest.id, second.id}]
    owners.remove(c, (s["object"] for row in old for s in row.files.values() if s["object"] not in kept))
    c.execute(delete(snapshots).where(snapshots.c.id.in_([row.id for row in old])))
