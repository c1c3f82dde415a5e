"""Loading snapshots: the newest that is whole, or the one before."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select, update

from shared.db.engine import now
from shared.db.tables import snapshots
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.vectors.codec import CorruptBlock
from workers.indexer import path
from workers.indexer.cached import folder_of, is_whole
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import ShardEngine
from workers.indexer.shards import Key, View

log = logging.getLogger(__name__)


def newest_good(indexer: Indexer, key: Key, fingerprint: str, *, at_least: int) -> View | None:
    """The newest snapshot at `at_least` or beyond that is whole and lies on the log's path; None if none is.

    A bad one is marked, and the one before is tried. Snapshots found bad earlier come last: they may have
    been restored. Raises Unavailable, OSError, FingerprintMismatch.
    """
    for row in _candidates(indexer, key, at_least=at_least):
        try:
            path.check_start(indexer.db, key, row.seq, row.chain)
            view = _load(indexer, row, fingerprint)
        except (ObjectCorrupt, ObjectMissing, CorruptBlock, path.OffPath) as error:
            log.warning("snapshot %s of shard %s/%d is bad: %s", row.id, *key, error)
            if row.bad_at is None:
                _mark(indexer, row, bad_at=now())
        else:
            if row.bad_at is not None:
                _mark(indexer, row, bad_at=None)
            return view
    return None


def _candidates(indexer: Indexer, key: Key, *, at_least: int) -> list[Row[Any]]:
    index_id, shard = key
    query = (
        select(snapshots)
        .where(snapshots.c.index_id == index_id, snapshots.c.shard == shard, snapshots.c.seq >= at_least)
        .order_by(snapshots.c.bad_at.is_not(None), snapshots.c.seq.desc())
    )
    with indexer.db.read() as c:
        return list(c.execute(query))


def _mark(indexer: Indexer, row: Row[Any], *, bad_at: Any) -> None:
    with indexer.db.write() as c:
        c.execute(update(snapshots).where(snapshots.c.id == row.id).values(bad_at=bad_at))


def _load(indexer: Indexer, row: Row[Any], fingerprint: str) -> View:
    """Fetch what the cache lacks, verify every file before anything parses it, open the engine."""
    folder = folder_of(indexer.cache, (row.index_id, row.shard))
    files: dict[str, Path] = {}
    for name, stored in row.files.items():
        files[name] = file = folder / stored["sha256"]
        if not is_whole(file, stored["sha256"]):
            indexer.store.fetch_to(stored["object"], file, sha256=stored["sha256"], length=stored["length"])
    engine: ShardEngine = indexer.engines.load(row.manifest, files, fingerprint)
    return View(engine, row.seq, row.chain)


def tidy(indexer: Indexer, key: Key) -> None:
    """Remove cached files that none of the shard's snapshots names (open ones live on until closed)."""
    index_id, shard = key
    with indexer.db.read() as c:
        query = select(snapshots.c.files).where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
        wanted = {stored["sha256"] for files in c.execute(query).scalars() for stored in files.values()}
    for file in folder_of(indexer.cache, key).iterdir():
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        elif file.name not in wanted:
            file.unlink(missing_ok=True)
