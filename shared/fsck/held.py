"""Which images a shard's index holds: its newest good snapshot, and the log since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from shared.errors import ObjectCorrupt, ObjectMissing
from shared.fsck.blocks import read_ids
from shared.fsck.shard import Shard
from shared.index.log import EntryKind
from shared.storage.port import ObjectStore

# {(image id, item): its product}; and the keys that a snapshot holds more than once
Held = tuple[dict[tuple[str, int], str], set[str]]


def of_snapshot(store: ObjectStore, snapshot: Row[Any]) -> Held:
    """The live rows of its base segments (their files: workers/indexer/engine/sealing.py).

    Raises ObjectMissing, ObjectCorrupt, also for an engine that is not known here.
    """
    manifest = snapshot.manifest
    if manifest.get("engine") != "faiss":
        raise ObjectCorrupt(f"a snapshot of the engine {manifest.get('engine')!r} is not known here")
    alive = _file(store, snapshot.files, manifest["alive"])
    rows: dict[tuple[str, int], str] = {}
    seen: Counter[tuple[str, int]] = Counter()
    at = 0
    for record in manifest["segments"]:
        ids = read_ids(_file(store, snapshot.files, record["ids"])).rows
        for n, (product, image, item) in enumerate(ids):
            # A bit per row, the least significant first; each segment begins at a byte.
            if alive[at + n // 8] >> n % 8 & 1:
                rows[image, item] = product
                seen[image, item] += 1
        at += (record["rows"] + 7) // 8
    return rows, {image for (image, _), times in seen.items() if times > 1}


def _file(store: ObjectStore, files: Mapping[str, Any], name: str) -> bytes:
    stored = files.get(name)
    if stored is None:
        raise ObjectMissing(f"the snapshot names no file {name}")
    return store.get(stored["object"], sha256=stored["sha256"], length=stored["length"])


def follow(shard: Shard, held: Held, after: int, block_of: Callable[[Row[Any]], bytes | None]) -> bool:
    """Apply the entries after `after`; false where the block of one cannot be read."""
    rows, _ = held
    # When each was last taken out, and when rows came in since: thousands of deletes cost one look at all.
    deleted: dict[str, int] = {}  # product -> seq
    dropped: dict[str, int] = {}  # image -> seq
    came: dict[tuple[str, int], int] = {}
    for entry in shard.entries:
        if entry.seq <= after:
            continue
        body = entry.body
        if entry.kind == EntryKind.DELETE:
            deleted |= dict.fromkeys(body["products"], entry.seq)
            continue
        # Before what the same entry brings.
        dropped |= dict.fromkeys(body.get("dropped", ()), entry.seq)
        if entry.kind in (EntryKind.SEGMENT, EntryKind.INLINE):
            block = block_of(entry)
            if block is None:
                return False
            left_out = set(body.get("left_out", ()))
            for n, (product, image, item) in enumerate(read_ids(block).rows):
                if n not in left_out:
                    rows[image, item] = product
                    came[image, item] = entry.seq
    for key, product in list(rows.items()):
        if came.get(key, after) < max(deleted.get(product, after), dropped.get(key[0], after)):
            del rows[key]
    return True
