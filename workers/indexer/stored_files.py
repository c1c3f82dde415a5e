"""A snapshot's files in the object store: each was read back as what it should be before it is named.

Snapshots name the same base files again and again, so one damaged object would otherwise take all of them:
whoever seals still holds the good bytes, and stores them under a new name.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import select

from shared.db.tables import snapshots
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.kill_points import kill_point
from shared.storage.names import new_name
from shared.storage.port import Stored
from workers.indexer.cached import folder_of, is_whole, sha256_of
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import SealedFiles
from workers.indexer.shards import Key

log = logging.getLogger(__name__)

Files = dict[str, dict[str, Any]]  # {file: {object, sha256, length}}


@dataclass(frozen=True)
class StoredFiles:
    """`fresh` objects have no owner row yet; `damaged` ones are named by earlier snapshots only."""

    files: Files
    fresh: list[Stored]
    damaged: frozenset[str]


def store_files(indexer: Indexer, key: Key, tenant: str, sealed: SealedFiles) -> StoredFiles:
    """Raises Unavailable, and ObjectCorrupt when a file reads back as something else.

    Raises ObjectMissing, and drops the shard so that it is loaded anew, when a file that it stands on is
    good nowhere.
    """
    reused = _reused(indexer, key, sealed)
    paths = {file.name: file.path for file in sealed.files if file.path is not None}
    with tempfile.TemporaryDirectory(dir=indexer.cache, prefix="seal-") as folder:
        back = Path(folder) / "back"
        # Before the first upload: an owner row has to follow its object within minutes.
        damaged = [name for name, known in reused.items() if not _reads_back(indexer, known, back)]
        paths |= {name: _copy_here(indexer, key, name, reused[name]["sha256"]) for name in damaged}
        fresh = {name: _stored(indexer, key, tenant, path, back) for name, path in paths.items()}
    told = {name: {"object": s.name, "sha256": s.sha256, "length": s.length} for name, s in fresh.items()}
    return StoredFiles(
        reused | told, list(fresh.values()), frozenset(reused[name]["object"] for name in damaged)
    )


def _reused(indexer: Indexer, key: Key, sealed: SealedFiles) -> Files:
    """Files of earlier snapshots that this one names again."""
    known = _known_files(indexer, key)
    names = [file.name for file in sealed.files if file.reused]
    for name in names:
        if name not in known:
            _load_anew(indexer, key, f"no snapshot names file {name}")
    return {name: known[name] for name in names}


def _known_files(indexer: Indexer, key: Key) -> Files:
    """Files of earlier snapshots; of one that was stored again, where it lies now."""
    index_id, shard = key
    query = (
        select(snapshots.c.files)
        .where(snapshots.c.index_id == index_id, snapshots.c.shard == shard)
        .order_by(snapshots.c.seq)
    )
    with indexer.db.read() as c:
        return {name: known for files in c.execute(query).scalars() for name, known in files.items()}


def _reads_back(indexer: Indexer, known: dict[str, Any], back: Path) -> bool:
    try:
        indexer.store.fetch_to(known["object"], back, sha256=known["sha256"], length=known["length"])
    except (ObjectMissing, ObjectCorrupt) as error:
        log.error("object %s of a snapshot is stored again from the copy here: %s", known["object"], error)
        return False
    return True


def _stored(indexer: Indexer, key: Key, tenant: str, path: Path, back: Path) -> Stored:
    """Upload, read back, and keep the file in the cache, where it would be fetched to."""
    stored = indexer.store.put_file(new_name("snapshots", tenant, indexer.db.clock()), path)
    kill_point("snapshot.file_stored")
    indexer.store.fetch_to(stored.name, back, sha256=sha256_of(path), length=stored.length)
    path.replace(folder_of(indexer.cache, key) / stored.sha256)
    return stored


def _copy_here(indexer: Indexer, key: Key, name: str, sha256: str) -> Path:
    path = folder_of(indexer.cache, key) / sha256
    if not is_whole(path, sha256):
        _load_anew(indexer, key, f"file {name} is good neither in the store nor here")
    return path


def _load_anew(indexer: Indexer, key: Key, why: str) -> NoReturn:
    """What is served stands on files that no snapshot can name; the next poll finds the shard not held."""
    indexer.shards.drop(key)
    raise ObjectMissing(why)
