"""Files of snapshots on this machine: one folder per shard, each file named by its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

from workers.indexer.shards import Key


def folder_of(cache: Path, key: Key) -> Path:
    index_id, shard = key
    folder = cache / index_id / str(shard)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_whole(path: Path, sha256: str) -> bool:
    return path.exists() and sha256_of(path) == sha256


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
