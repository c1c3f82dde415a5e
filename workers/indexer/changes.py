"""A log entry as changes of an engine: reads its rows, verified, and leaves out what the log left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from shared.catalog.filters import Columns
from shared.errors import ObjectCorrupt
from shared.index.log import EntryKind
from shared.storage.port import ObjectStore
from shared.vectors.codec import decode_block
from workers.indexer.engine.port import Change, Delete, Drop, Patch, Upsert


def changes_of(entry: Row[Any], store: ObjectStore, *, fingerprint: str, dim: int) -> list[Change]:
    """The entry's changes in order. Raises ObjectMissing, ObjectCorrupt, FingerprintMismatch."""
    body = entry.body
    if entry.kind == EntryKind.DELETE:
        return [Delete(product_id) for product_id in body["products"]]
    changes: list[Change] = []
    if body.get("dropped"):
        changes.append(Drop(tuple(body["dropped"])))
    columns = {product_id: engine_columns_of(c) for product_id, c in body.get("columns", {}).items()}
    if entry.kind in (EntryKind.SEGMENT, EntryKind.INLINE):
        rows = decode_block(_block(entry, store), fingerprint=fingerprint, dim=dim)
        left_out = set(body.get("left_out", ()))
        if left_out:
            rows = rows.take([n for n in range(len(rows)) if n not in left_out])
        changes.append(Upsert(rows, columns))
    else:
        changes += [Patch(product_id, c) for product_id, c in columns.items()]
    return changes


def _block(entry: Row[Any], store: ObjectStore) -> bytes:
    if entry.kind == EntryKind.INLINE:
        # The entry's digest covers these bytes, and the follower has verified it.
        return bytes(entry.inline)
    body = entry.body
    data = store.get_range(body["object"], body["offset"], body["length"], sha256=body["sha256"])
    if hashlib.sha256(data).hexdigest() != body["sha256"]:
        raise ObjectCorrupt(f"segment {body['object']} is not what the log names")
    return data


def engine_columns_of(stored: Mapping[str, Any]) -> Columns:
    return Columns(**{**stored, "labels": tuple(stored.get("labels") or ())})
