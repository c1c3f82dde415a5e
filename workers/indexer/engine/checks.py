"""What every engine refuses before it touches its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.errors import FingerprintMismatch
from shared.vectors.codec import CorruptBlock
from workers.indexer.engine.port import Change, ShardQuery, Upsert


def check_changes(changes: Sequence[Change], dim: int) -> None:
    """Before the first change is applied, so that a bad one leaves none half applied."""
    for change in changes:
        if isinstance(change, Upsert) and change.rows.dim != dim:
            raise ValueError(f"rows of {change.rows.dim} dimensions in a shard of {dim}")


def check_query(query: ShardQuery, dim: int) -> None:
    if query.vector.shape != (dim,):
        raise ValueError(f"a query of {query.vector.size} dimensions in a shard of {dim}")


def check_manifest(manifest: Mapping[str, Any], engine: str, fingerprint: str) -> None:
    if manifest.get("engine") != engine:
        raise CorruptBlock(f"a snapshot of engine {manifest.get('engine')!r}, not of {engine!r}")
    if manifest["fingerprint"] != fingerprint:
        raise FingerprintMismatch(fingerprint, manifest["fingerprint"])


def check_files(needed: Iterable[str], files: Mapping[str, Path]) -> None:
    if missing := set(needed) - files.keys():
        raise CorruptBlock(f"the snapshot lacks {', '.join(sorted(missing))}")
