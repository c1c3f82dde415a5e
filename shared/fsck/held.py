"""What a shard's index holds: a good snapshot of it, and the log since."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from shared.errors import ObjectCorrupt, ObjectMissing
from shared.fsck.blocks import BlockIds, mark, read_ids
from shared.fsck.columns import Columns, columns_of
from shared.fsck.shard import Shard
from shared.index.log import EntryKind
from shared.storage.port import ObjectStore

Key = tuple[str, int]  # image id, item


@dataclass
class Held:
    """By image and item: `rows`, its product, and `marks`, that of its vector. `columns`: by product.

    `twice`: images that a snapshot holds more than once; `dead`: products of its rows that are no more.
    """

    rows: dict[Key, str] = field(default_factory=dict)
    marks: dict[Key, int] = field(default_factory=dict)
    columns: dict[str, Columns] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)


def of_snapshot(store: ObjectStore, snapshot: Row[Any]) -> Held:
    """Its base segments and columns (their files: workers/indexer/engine/sealing.py).

    Raises ObjectMissing, ObjectCorrupt, also for an engine that is not known here.
    """
    manifest = snapshot.manifest
    if manifest.get("engine") != "faiss":
        raise ObjectCorrupt(f"a snapshot of the engine {manifest.get('engine')!r} is not known here")
    alive = _file(store, snapshot.files, manifest["alive"])
    held = Held(columns=_columns(_file(store, snapshot.files, manifest["columns"])))
    seen: Counter[Key] = Counter()
    at = 0
    for record in manifest["segments"]:
        ids = read_ids(_file(store, snapshot.files, record["ids"])).rows
        vectors = _named(snapshot.files, record["vectors"])
        if vectors["length"] != len(ids) * 2 * manifest["dim"] or len(alive) < at + (len(ids) + 7) // 8:
            raise ObjectCorrupt("the files of a snapshot are not of the same rows")
        marks = _marks(store, vectors, 2 * manifest["dim"])
        for n, ((product, image, item), its) in enumerate(zip(ids, marks, strict=True)):
            # A bit per row, the least significant first; each segment begins at a byte.
            if alive[at + n // 8] >> n % 8 & 1:
                held.rows[image, item] = product
                held.marks[image, item] = its
                seen[image, item] += 1
            else:
                held.dead.add(product)
        at += (record["rows"] + 7) // 8
    held.twice = {image for (image, _), times in seen.items() if times > 1}
    return held


def _columns(lines: bytes) -> dict[str, Columns]:
    try:
        products = [json.loads(line) for line in lines.decode().splitlines()]
        return {product["product_id"]: columns_of(product) for product in products}
    except (ValueError, KeyError, TypeError) as error:
        raise ObjectCorrupt(f"the columns of a snapshot cannot be read: {error}") from error


def _marks(store: ObjectStore, stored: Mapping[str, Any], row_bytes: int) -> Iterator[int]:
    """Of raw rows, which may be more than memory holds."""
    with tempfile.TemporaryDirectory(prefix="tusou-") as folder:
        path = Path(folder) / "vectors"
        store.fetch_to(stored["object"], path, sha256=stored["sha256"], length=stored["length"])
        with path.open("rb") as vectors:
            while vector := vectors.read(row_bytes):
                yield mark(vector)


def _file(store: ObjectStore, files: Mapping[str, Any], name: str) -> bytes:
    stored = _named(files, name)
    return store.get(stored["object"], sha256=stored["sha256"], length=stored["length"])


def _named(files: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = files.get(name)
    if stored is None:
        raise ObjectMissing(f"the snapshot names no file {name}")
    return stored


def follow(shard: Shard, held: Held, after: int, block_of: Callable[[Row[Any]], BlockIds | None]) -> bool:
    """Apply the entries after `after`; false where the block of one cannot be read."""
    # When each was last taken out, and when rows came in since: thousands of deletes cost one look at all.
    deleted: dict[str, int] = {}  # product -> seq
    dropped: dict[str, int] = {}  # image -> seq
    came: dict[Key, int] = {}
    for entry in shard.entries:
        if entry.seq <= after:
            continue
        body = entry.body or {}
        if entry.kind == EntryKind.DELETE:
            deleted |= dict.fromkeys(body.get("products", ()), entry.seq)
            continue
        # Before what the same entry brings.
        dropped |= dict.fromkeys(body.get("dropped", ()), entry.seq)
        held.columns |= {product: columns_of(told) for product, told in body.get("columns", {}).items()}
        if entry.kind in (EntryKind.SEGMENT, EntryKind.INLINE):
            block = block_of(entry)
            if block is None:
                return False
            left_out = set(body.get("left_out", ()))
            for n, ((product, image, item), its) in enumerate(zip(block.rows, block.marks, strict=True)):
                if n not in left_out:
                    held.rows[image, item] = product
                    held.marks[image, item] = its
                    came[image, item] = entry.seq
    for key, product in list(held.rows.items()):
        if came.get(key, after) < max(deleted.get(product, after), dropped.get(key[0], after)):
            del held.rows[key]
    return True
