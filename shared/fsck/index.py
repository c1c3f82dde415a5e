"""Shards: their logs, segments and snapshots, and whether they hold what the catalogue says."""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from typing import Any

from sqlalchemy import Row

from shared.db.engine import Database
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.fsck import held
from shared.fsck.blocks import BlockIds, read_ids
from shared.fsck.finding import Code, Finding
from shared.fsck.shard import Shard, known, read
from shared.index.log import FIRST_CHAIN, Entry, EntryKind, next_chain
from shared.storage.port import ObjectStore

# As long as an append, a compaction or a snapshot that was in the middle may take to be whole.
LOOK_AGAIN_AFTER_S = 2.0


def check(
    db: Database,
    store: ObjectStore,
    *,
    quick: bool = False,
    damaged: Set[str] = frozenset(),
    again_after: float = LOOK_AGAIN_AFTER_S,
) -> Iterator[Finding]:
    """`quick` reads no object, and so compares no vectors. `damaged` objects were found by who read them all.

    What SQL says is of one moment, and objects are read later: what seems wrong is looked at once more.
    """
    for key in known(db):
        found = dict.fromkeys(_look(db, store, key, quick=quick, damaged=damaged))
        if found:
            time.sleep(again_after)
            again = dict.fromkeys(_look(db, store, key, quick=quick, damaged=damaged))
            yield from (finding for finding in again if finding in found)


def _look(
    db: Database, store: ObjectStore, key: tuple[str, int], *, quick: bool, damaged: Set[str]
) -> list[Finding]:
    with db.moment(patient=True) as c:
        shard = read(c, *key)
    found = [*log(shard)]
    return found if quick else [*found, *Contents(shard, store, damaged).check()]


def log(shard: Shard) -> Iterator[Finding]:
    """The path from where the log was trimmed to where the shard's row says that it ends."""
    row = shard.row
    seq, chain = row.trimmed_to, _start(shard)
    for entry in shard.entries:
        if entry.seq <= row.trimmed_to:
            continue
        if entry.seq != seq + 1:
            yield _of(
                shard,
                Code.LOG_GAP,
                f"no entry {seq + 1}" + (f" to {entry.seq - 1}" if entry.seq > seq + 2 else ""),
            )
        elif chain is not None and next_chain(chain, entry.digest) != entry.chain:
            yield _of(shard, Code.LOG_CHAIN, f"entry {entry.seq} does not follow {seq}/{chain}")
        if Entry(entry.kind, entry.body, entry.inline).digest() != entry.digest:
            yield _of(shard, Code.LOG_DIGEST, f"entry {entry.seq} is not what its digest says")
        seq, chain = entry.seq, entry.chain
    if seq != row.seq or (chain is not None and chain != row.chain):
        yield _of(
            shard, Code.LOG_END, f"it ends at {seq}/{chain or '?'}, the shard says {row.seq}/{row.chain}"
        )


def _start(shard: Shard) -> str | None:
    """The chain that the log's first entry follows; None where nothing tells."""
    if shard.row.trimmed_to == 0:
        return FIRST_CHAIN
    at = shard.row.trimmed_to
    return next((snapshot.chain for snapshot in shard.snapshots if snapshot.seq == at), None)


def _of(shard: Shard, code: Code, detail: str, subject: str | None = None, **keys: Any) -> Finding:
    return Finding(code, subject or shard.name, detail, shard.keys | keys)


class Contents:
    """What the objects of one shard hold, each read once."""

    def __init__(self, shard: Shard, store: ObjectStore, damaged: Set[str]) -> None:
        self._shard = shard
        self._store = store
        self._damaged = damaged
        # of current images: segment → rows that it should hold
        self._wanted: dict[str, list[Row[Any]]] = {}
        for image in shard.current.values():
            if image.segment is not None:
                self._wanted.setdefault(image.segment, []).append(image)

    def check(self) -> Iterator[Finding]:
        yield from self._segments()
        yield from self._lost_without_a_part()
        start: list[tuple[held.Held, int]] = []
        yield from self._snapshots(start)
        yield from self._compare(start)

    def _segments(self) -> Iterator[Finding]:
        """Every part of a segment, as it is recorded, and whether it holds the images that say so."""
        shard = self._shard
        for part in shard.parts.values():
            wanted = self._wanted.get(part.object, [])
            try:
                ids = read_ids(self._range(part.object, part.offset, part.length, part.sha256))
            except (ObjectMissing, ObjectCorrupt) as error:
                yield _of(shard, Code.SEGMENT_RANGE, error.detail, part.object)
                yield from self._lost(wanted, "its segment cannot be read")
                continue
            if why := self._foreign(ids, part.rows):
                yield _of(shard, Code.SEGMENT_FOREIGN, why, part.object)
                yield from self._lost(wanted, "its segment is of another model")
                continue
            there = {(product, image) for product, image, _ in ids.rows}
            yield from self._lost(
                [image for image in wanted if (image.product_id, image.id) not in there],
                "its segment does not hold it",
            )
            for product in sorted({product for product, _ in there}):
                if (part.object, product) not in shard.holdings:
                    yield _of(
                        shard,
                        Code.HOLDING_MISSING,
                        f"of product {product!r}",
                        part.object,
                        object=part.object,
                        tenant=shard.index.tenant,
                        product=product,
                    )

    def _foreign(self, ids: BlockIds, rows: int) -> str | None:
        index = self._shard.index
        if ids.fingerprint != index.fingerprint:
            return f"vectors of model {ids.fingerprint}, not {index.fingerprint}"
        if (ids.dim, len(ids.rows)) != (index.dim, rows):
            return f"{len(ids.rows)} vectors of {ids.dim} dimensions, not {rows} of {index.dim}"
        return None

    def _lost_without_a_part(self) -> Iterator[Finding]:
        shard = self._shard
        for image in shard.current.values():
            if image.fingerprint is None and image.product_id in shard.written:
                continue  # it is being embedded again
            if image.fingerprint is None:
                yield from self._lost([image], "it was lost before")
            elif image.fingerprint != shard.index.fingerprint:
                yield from self._lost([image], f"it was embedded by model {image.fingerprint}")
            elif image.segment is None and len(image.vector or b"") != 2 * shard.index.dim:
                yield from self._lost([image], "its row holds none of the right length")
            elif image.segment is not None and image.segment not in shard.parts:
                yield from self._lost([image], "no part of its segment belongs to the shard")

    def _lost(self, images: list[Row[Any]], why: str) -> Iterator[Finding]:
        for image in images:
            detail = f"of product {image.product_id!r}: {why}"
            keys = {"image": image.id, "product": image.product_id, "tenant": self._shard.index.tenant}
            yield _of(self._shard, Code.VECTOR_LOST, detail, image.id, **keys)

    def _snapshots(self, good: list[tuple[held.Held, int]]) -> Iterator[Finding]:
        """What is wrong with them; `good` gets what the newest good one holds, and its seq."""
        shard = self._shard
        for snapshot in shard.snapshots:
            try:
                self._check_files(snapshot)
                rows = held.of_snapshot(self._store, snapshot)
                self._check_on_path(snapshot)
            except (ObjectMissing, ObjectCorrupt) as error:
                yield _of(shard, Code.SNAPSHOT_BAD, error.detail, snapshot.id, snapshot=snapshot.id)
            else:
                if not good:
                    good.append((rows, snapshot.seq))

    def _check_files(self, snapshot: Row[Any]) -> None:
        """Raises ObjectMissing, ObjectCorrupt."""
        for file, stored in snapshot.files.items():
            if stored["object"] in self._damaged:
                raise ObjectCorrupt(f"its file {file} is lost or damaged")
            if self._store.size(stored["object"]) != stored["length"]:
                raise ObjectMissing(f"its file {file} is gone")

    def _check_on_path(self, snapshot: Row[Any]) -> None:
        """Raises ObjectCorrupt for one of another history than the log's."""
        for entry in self._shard.entries:
            if entry.seq == snapshot.seq and entry.chain != snapshot.chain:
                raise ObjectCorrupt(f"the chain at {snapshot.seq} is {entry.chain}, not {snapshot.chain}")
        if snapshot.seq > self._shard.row.seq:
            raise ObjectCorrupt(f"it is of {snapshot.seq}, where the log ends at {self._shard.row.seq}")

    def _compare(self, start: list[tuple[held.Held, int]]) -> Iterator[Finding]:
        """The index against the catalogue. Without a snapshot and the whole log, it is loaded from that."""
        shard = self._shard
        if not start and shard.row.trimmed_to:
            return
        rows, after = start[0] if start else (({}, set()), 0)
        if not held.follow(shard, rows, after, self._block_of):
            return
        there = {image for image, _ in rows[0]}
        told = {key: image.product_id for key, image in shard.current.items()}
        ours = {k for k, image in shard.current.items() if image.fingerprint == shard.index.fingerprint}
        for image in sorted(ours - there):
            detail = f"of product {told[image]!r}"
            yield _of(shard, Code.VECTOR_MISSING, detail, image)
        for image, product in sorted({(image, product) for (image, _), product in rows[0].items()}):
            if told.get(image) != product:
                yield _of(shard, Code.VECTOR_PHANTOM, f"as of product {product!r}", image)
        for image in sorted(rows[1]):
            yield _of(shard, Code.VECTOR_DUPLICATE, "in its snapshot", image)

    def _block_of(self, entry: Row[Any]) -> bytes | None:
        if entry.kind == EntryKind.INLINE:
            return bytes(entry.inline)
        body = entry.body
        try:
            return self._range(body["object"], body["offset"], body["length"], body["sha256"])
        except (ObjectMissing, ObjectCorrupt):
            return None

    def _range(self, name: str, offset: int, length: int, sha256: str) -> bytes:
        return self._store.get_range(name, offset, length, sha256=sha256)
