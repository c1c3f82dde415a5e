"""Snapshots: loading the newest good one, and storing a new one so that every replica can."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from shared.db.engine import now
from shared.db.tables import log as entries
from shared.db.tables import shards, snapshots
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.ids import new_id
from shared.index import log as index_log
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.vectors.codec import CorruptBlock
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import SealedFiles, ShardEngine
from workers.indexer.shards import View

log = logging.getLogger(__name__)


def newest_good(indexer: Indexer, index_id: str, shard: int, fingerprint: str) -> View | None:
    """The newest snapshot that loads; a bad one is marked, and the one before is tried."""
    query = (
        select(snapshots)
        .where(snapshots.c.index_id == index_id, snapshots.c.shard == shard, snapshots.c.bad_at.is_(None))
        .order_by(snapshots.c.seq.desc())
    )
    with indexer.db.read() as c:
        rows = list(c.execute(query))
    for row in rows:
        try:
            return load(indexer, row, fingerprint)
        except (ObjectCorrupt, ObjectMissing, CorruptBlock) as error:
            log.error("snapshot %s is bad: %s", row.id, error)
            with indexer.db.write() as c:
                c.execute(update(snapshots).where(snapshots.c.id == row.id).values(bad_at=now()))
    return None


def load(indexer: Indexer, row: Row[Any], fingerprint: str) -> View:
    """Fetch what the cache lacks, verify every file before anything parses it, open the engine."""
    folder = indexer.cache / row.index_id / str(row.shard)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for name, stored in row.files.items():
        path = folder / stored["sha256"]
        if not path.exists() or _sha256(path) != stored["sha256"]:
            indexer.store.fetch_to(stored["object"], path, sha256=stored["sha256"], length=stored["length"])
        files[name] = path
    engine: ShardEngine = indexer.engines.load(row.manifest, files, fingerprint)
    return View(engine, row.seq, row.chain)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tidy(indexer: Indexer, index_id: str, shard: int) -> None:
    """Remove cached files that none of the shard's snapshots names (open ones live on until closed)."""
    with indexer.db.read() as c:
        query = select(snapshots.c.files).where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
        wanted = {stored["sha256"] for files in c.execute(query).scalars() for stored in files.values()}
    folder = indexer.cache / index_id / str(shard)
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in wanted:
            path.unlink(missing_ok=True)


def store(indexer: Indexer, view: View, index_id: str, shard: int, tenant: str, sealed: SealedFiles) -> bool:
    """Upload, read back, and make it live: one entry `sealed` in the log. False when the lease was lost."""
    settings = indexer.settings
    with indexer.db.read() as c:
        query = select(snapshots.c.files).where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
        known = {name: stored for files in c.execute(query).scalars() for name, stored in files.items()}
    files: dict[str, dict[str, Any]] = {}
    fresh: list[Stored] = []
    for file in sealed.files:
        if file.path is None:
            files[file.name] = known[file.name]
            continue
        stored = indexer.store.put_file(new_name("snapshots", tenant, indexer.db.clock()), file.path)
        indexer.store.fetch_to(
            stored.name, file.path.with_suffix(".back"), sha256=_sha256(file.path), length=stored.length
        )
        fresh.append(stored)
        files[file.name] = {"object": stored.name, "sha256": stored.sha256, "length": stored.length}
        cached = indexer.cache / index_id / str(shard) / stored.sha256
        cached.parent.mkdir(parents=True, exist_ok=True)
        file.path.replace(cached)
    snapshot_id = new_id()
    with indexer.db.write() as c:
        mine = c.execute(
            update(shards)
            .where(
                shards.c.index_id == index_id,
                shards.c.shard == shard,
                shards.c.build_holder == settings.process,
                shards.c.sealed_seq < view.seq,
            )
            .values(
                build_holder=None,
                build_lease_until=None,
                seal_wanted=False,
                sealed_seq=view.seq,
                sealed_rows_logged=shards.c.rows_logged,
            )
        )
        if not mine.rowcount:
            return False
        owners.own(c, tenant, fresh)
        c.execute(
            insert(snapshots).values(
                id=snapshot_id,
                index_id=index_id,
                shard=shard,
                seq=view.seq,
                chain=view.chain,
                manifest=sealed.manifest,
                files=files,
                created_at=now(),
            )
        )
        entry = index_log.Entry(index_log.SEALED, {"snapshot": snapshot_id, "seq": view.seq})
        index_log.append(c, index_id, {shard: [entry]})
        _trim(c, index_id, shard)
    indexer.notifier.log_grew(index_id)
    return True


def _trim(c: Any, index_id: str, shard: int) -> None:
    """Keep two good snapshots and the log since the older of them."""
    rows = list(
        c.execute(
            select(snapshots)
            .where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
            .order_by(snapshots.c.seq.desc())
        )
    )
    good = [row for row in rows if row.bad_at is None]
    if len(good) < 2:
        return
    second = good[1]
    here = (entries.c.index_id == index_id, entries.c.shard == shard)
    c.execute(delete(entries).where(*here, entries.c.seq <= second.seq))
    c.execute(
        update(shards)
        .where(shards.c.index_id == index_id, shards.c.shard == shard)
        .values(trimmed_to=second.seq)
    )
    kept = {stored["object"] for row in good[:2] for stored in row.files.values()}
    old = [row for row in rows if row.id not in {good[0].id, second.id}]
    owners.remove(c, (s["object"] for row in old for s in row.files.values() if s["object"] not in kept))
    c.execute(delete(snapshots).where(snapshots.c.id.in_([row.id for row in old])))
