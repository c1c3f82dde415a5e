"""A snapshot goes live: its files stored and read back, then one entry `sealed` in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from shared.db.engine import now
from shared.db.tables import log as entries
from shared.db.tables import shards, snapshots
from shared.ids import new_id
from shared.index import log
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from workers.indexer.cached import folder_of, sha256_of
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import SealedFiles
from workers.indexer.shards import Key, View

Files = dict[str, dict[str, Any]]  # {file: {object, sha256, length}}


def go_live(
    indexer: Indexer, key: Key, tenant: str, view: View, rows_logged: int, sealed: SealedFiles
) -> bool:
    """Announce what was sealed at `view`; false when the lease was lost or a newer snapshot is there.

    `rows_logged` is what the log counted at `view` (or before): what came later counts as new. Raises
    Unavailable, and ObjectCorrupt when a file reads back as something else.
    """
    fresh = {
        file.name: _stored(indexer, key, tenant, file.path) for file in sealed.files if file.path is not None
    }
    with indexer.db.write() as c:
        if not _move_on(c, key, indexer.settings.process, view, rows_logged):
            return False
        owners.own(c, tenant, list(fresh.values()))
        told = {name: _told(stored) for name, stored in fresh.items()}
        known = _known_files(c, key)
        files = {file.name: told.get(file.name) or known[file.name] for file in sealed.files}
        _announce(c, key, view, sealed.manifest, files)
        _trim(c, key)
    indexer.notifier.log_grew(key[0])
    return True


def _stored(indexer: Indexer, key: Key, tenant: str, path: Path) -> Stored:
    """Upload, read back, and keep the file in the cache, where it would be fetched to."""
    stored = indexer.store.put_file(new_name("snapshots", tenant, indexer.db.clock()), path)
    indexer.store.fetch_to(
        stored.name, path.with_suffix(".back"), sha256=sha256_of(path), length=stored.length
    )
    path.replace(folder_of(indexer.cache, key) / stored.sha256)
    return stored


def _told(stored: Stored) -> dict[str, Any]:
    return {"object": stored.name, "sha256": stored.sha256, "length": stored.length}


def _known_files(c: Connection, key: Key) -> Files:
    """Files of earlier snapshots, which this one may name again."""
    index_id, shard = key
    query = select(snapshots.c.files).where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
    return {name: stored for files in c.execute(query).scalars() for name, stored in files.items()}


def _move_on(c: Connection, key: Key, holder: str, view: View, rows_logged: int) -> bool:
    """The pointer in SQL only moves forward, and only for whoever holds the shard's lease."""
    index_id, shard = key
    mine = c.execute(
        update(shards)
        .where(
            shards.c.index_id == index_id,
            shards.c.shard == shard,
            shards.c.build_holder == holder,
            shards.c.sealed_seq < view.seq,
        )
        .values(
            build_holder=None,
            build_lease_until=None,
            seal_wanted=False,
            sealed_seq=view.seq,
            sealed_rows_logged=rows_logged,
        )
    )
    return mine.rowcount == 1


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
    entry = log.Entry(log.SEALED, {"snapshot": snapshot_id, "seq": view.seq})
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
        delete(entries).where(
            entries.c.index_id == index_id, entries.c.shard == shard, entries.c.seq <= second.seq
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
