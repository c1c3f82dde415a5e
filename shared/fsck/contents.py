"""What a shard holds: its segments and snapshots, and whether with its log they lead to the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from sqlalchemy import Row

from shared.errors import InvalidRequest, ObjectCorrupt, ObjectMissing
from shared.fsck import held
from shared.fsck.blocks import BlockIds, mark, read_ids
from shared.fsck.columns import difference
from shared.fsck.finding import Code, Finding
from shared.fsck.held import Held
from shared.fsck.shard import Shard
from shared.index.log import EntryKind
from shared.storage.port import ObjectStore


class Contents:
    """What the objects of one shard hold, each read once. `gone`, filled on the way: {product that does not
    live: what still holds a row of it}."""

    def __init__(self, shard: Shard, store: ObjectStore, damaged: Set[str]) -> None:
        self._shard = shard
        self._store = store
        self._damaged = damaged
        self.gone: dict[str, str] = {}
        self._blocks: dict[int, BlockIds | None] = {}  # of entries, by seq
        self._marks: dict[str, int] = {}  # {image: that of its stored vector}
        # of current images: segment → rows that it should hold
        self._wanted: dict[str, list[Row[Any]]] = {}
        for image in shard.current.values():
            if image.segment is not None:
                self._wanted.setdefault(image.segment, []).append(image)
            elif image.vector is not None:
                self._marks[image.id] = mark(image.vector)

    def check(self) -> Iterator[Finding]:
        yield from self._segments()
        yield from self._lost_without_a_part()
        yield from self._snapshots_and_log()

    def _segments(self) -> Iterator[Finding]:
        """Every part of a segment, as it is recorded, and whether it holds the images that say so."""
        shard = self._shard
        for part in shard.parts.values():
            wanted = self._wanted.get(part.object, [])
            try:
                ids = read_ids(self._range(part.object, part.offset, part.length, part.sha256))
            except (ObjectMissing, ObjectCorrupt) as error:
                yield shard.finding(
                    Code.SEGMENT_RANGE, f"shard {shard.row.shard}: {error.detail}", part.object
                )
                yield from self._lost(wanted, "its segment cannot be read")
                continue
            if why := self._foreign(ids, part.rows):
                yield shard.finding(Code.SEGMENT_FOREIGN, f"shard {shard.row.shard}: {why}", part.object)
                yield from self._lost(wanted, "its segment is of another model")
                continue
            yield from self._rows(part.object, ids, wanted)
            yield from self._holdings(part.object, {product for product, _, _ in ids.rows})

    def _rows(self, name: str, ids: BlockIds, wanted: list[Row[Any]]) -> Iterator[Finding]:
        at = {(product, image): n for n, (product, image, _) in enumerate(ids.rows)}
        for image in wanted:
            row = at.get((image.product_id, image.id))
            if row is None:
                yield from self._lost([image], "its segment does not hold it")
                continue
            self._marks[image.id] = ids.marks[row]
            if image.segment_row != row:
                detail = f"row {row} of {name}, not {image.segment_row}"
                yield self._shard.finding(Code.SEGMENT_ROW, detail, image.id, object=name, row=row)

    def _holdings(self, name: str, there: set[str]) -> Iterator[Finding]:
        shard = self._shard
        told = {product for held, product in shard.holdings if held == name}
        for code, products in (
            (Code.HOLDING_MISSING, there - told),
            (Code.HOLDING_STRAY, told - there),
        ):
            for product in sorted(products):
                keys = {"object": name, "tenant": shard.index.tenant, "product": product}
                yield shard.finding(code, f"of product {product!r}", name, **keys)
        self._see(there, f"segment {name}")

    def _see(self, products: Iterable[str], where: str) -> None:
        for product in products:
            if product not in self._shard.columns:
                self.gone.setdefault(product, where)

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
            yield self._shard.finding(Code.VECTOR_LOST, detail, image.id, **keys)

    def _snapshots_and_log(self) -> Iterator[Finding]:
        """What is wrong with a snapshot, and with what an index worker holds that loads it and the log since.

        The newest good one is what they load. Who falls back to an older one, or has the log alone, is to
        come to the same; of these only what differs from the newest is told.
        """
        shard = self._shard
        told: dict[Finding, None] | None = None
        for snapshot in shard.snapshots:
            try:
                self._check_files(snapshot)
                rows = held.of_snapshot(self._store, snapshot)
                self._check_on_path(snapshot)
            except (ObjectMissing, ObjectCorrupt) as error:
                yield shard.finding(Code.SNAPSHOT_BAD, error.detail, snapshot.id, snapshot=snapshot.id)
                continue
            self._see({*rows.rows.values(), *rows.dead}, f"snapshot {snapshot.id}")
            if told is None:
                told = dict.fromkeys(self._from(rows, snapshot.seq))
                yield from told
            elif snapshot.seq >= shard.row.trimmed_to and (
                wrong := next(
                    (finding for finding in self._from(rows, snapshot.seq) if finding not in told), None
                )
            ):
                detail = f"with the log since it: {wrong.code} of {wrong.subject}, {wrong.detail}"
                yield shard.finding(Code.SNAPSHOT_BAD, detail, snapshot.id, snapshot=snapshot.id)
        if not shard.row.trimmed_to:
            yield from (finding for finding in self._from(Held(), 0) if finding not in (told or ()))
        for seq, block in self._blocks.items():
            if block is not None:
                self._see({product for product, _, _ in block.rows}, f"entry {seq} of the log")

    def _check_files(self, snapshot: Row[Any]) -> None:
        """Raises ObjectMissing, ObjectCorrupt."""
        if not isinstance(snapshot.manifest, dict) or not isinstance(snapshot.files, dict):
            raise ObjectCorrupt("its row tells no manifest and files")
        for file, stored in snapshot.files.items():
            if stored["object"] in self._damaged:
                raise ObjectCorrupt(f"its file {file} is lost or damaged")
            if self._store.size(stored["object"]) != stored["length"]:
                raise ObjectMissing(f"its file {file} is gone")
        index = self._shard.index
        told = (snapshot.manifest.get("fingerprint"), snapshot.manifest.get("dim"))
        if told != (index.fingerprint, index.dim):
            raise ObjectCorrupt(f"it is of model {told[0]} and {told[1]} dimensions")

    def _check_on_path(self, snapshot: Row[Any]) -> None:
        """Raises ObjectCorrupt for one of another history than the log's."""
        for entry in self._shard.entries:
            if entry.seq == snapshot.seq and entry.chain != snapshot.chain:
                raise ObjectCorrupt(f"the chain at {snapshot.seq} is {entry.chain}, not {snapshot.chain}")
        if snapshot.seq > self._shard.row.seq:
            raise ObjectCorrupt(f"it is of {snapshot.seq}, where the log ends at {self._shard.row.seq}")

    def _from(self, rows: Held, after: int) -> Iterator[Finding]:
        if held.follow(self._shard, rows, after, self._block_of):
            yield from differences(self._shard, rows, self._marks)

    def _block_of(self, entry: Row[Any]) -> BlockIds | None:
        if entry.seq not in self._blocks:
            self._blocks[entry.seq] = self._read(entry)
        return self._blocks[entry.seq]

    def _read(self, entry: Row[Any]) -> BlockIds | None:
        body = entry.body
        try:
            if entry.kind == EntryKind.INLINE:
                return read_ids(bytes(entry.inline))
            return read_ids(self._range(body["object"], body["offset"], body["length"], body["sha256"]))
        except (ObjectMissing, ObjectCorrupt, KeyError, TypeError):  # no inline block, no such body
            return None

    def _range(self, name: str, offset: int, length: int, sha256: str) -> bytes:
        """Raises ObjectMissing, ObjectCorrupt."""
        try:
            return self._store.get_range(name, offset, length, sha256=sha256)
        except (ValueError, InvalidRequest) as error:
            raise ObjectCorrupt(str(error)) from error


def differences(shard: Shard, held: Held, marks: Mapping[str, int]) -> Iterator[Finding]:
    """What the index holds beside what the catalogue says; `marks`: {image: that of its stored vector}."""
    there = {image for image, _ in held.rows}
    told = {key: image.product_id for key, image in shard.current.items()}
    ours = {k for k, image in shard.current.items() if image.fingerprint == shard.index.fingerprint}
    for image in sorted(ours - there):
        yield shard.finding(Code.VECTOR_MISSING, f"of product {told[image]!r}", image)
    for image, product in sorted({(image, product) for (image, _), product in held.rows.items()}):
        if told.get(image) != product:
            yield shard.finding(Code.VECTOR_PHANTOM, f"as of product {product!r}", image)
    for image in sorted(held.twice):
        yield shard.finding(Code.VECTOR_DUPLICATE, "in its snapshot", image)
    for (image, _), its in sorted(held.marks.items()):
        if image in ours and marks.get(image, its) != its:
            yield shard.finding(Code.VECTOR_DIFFERS, f"of product {told[image]!r}", image)
    for product in sorted(set(held.rows.values()) & shard.columns.keys()):
        theirs, mine = held.columns.get(product), shard.columns[product]
        if theirs != mine:
            keys = {"tenant": shard.index.tenant, "product": product}
            yield shard.finding(Code.COLUMNS_DIFFER, difference(theirs, mine), product, **keys)
