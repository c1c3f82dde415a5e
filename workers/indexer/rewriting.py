"""Segments without their stale rows: the keeper asks, the index worker that gets the lease rewrites.

A row is current while its image is. What is left of an object goes under a fresh name; rows of images,
parts and holdings move over in one transaction, and the old object is marked. No log names it any more: a
keeper asks only when the logs have been trimmed past it.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from shared.catalog.locks import lock_products
from shared.db.engine import now
from shared.db.tables import holdings, images, indexes, objects, rewrites, segments
from shared.errors import TusouError
from shared.runtime.loop import Repeating
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.telemetry import step
from shared.vectors.codec import CorruptBlock, Rows, decode_block, encode_block
from workers.indexer.deps import Indexer

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
# One object is read, written and moved over within seconds.
LEASE_S = 120.0


class Moved(Exception):
    """Images of the segment changed, or the lease was lost, while it was rewritten; it is done again."""


@dataclass(frozen=True)
class Part:
    """One shard's block of the new object; it begins at `offset`."""

    index_id: str
    shard: int
    offset: int
    block: bytes
    rows: Rows


@dataclass(frozen=True)
class Rewritten:
    """The bytes of the new object, none if no row of the old one is current."""

    tenant: str
    held: tuple[str, ...]  # products that the old object holds
    current: frozenset[str]  # ids of the images whose rows stay
    parts: tuple[Part, ...]

    @property
    def body(self) -> bytes:
        return b"".join(part.block for part in self.parts)


class Rewriter:
    """One object at a time in each index worker."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._loop = Repeating("rewriting", self.rewrite_asked, LOOK_EVERY_S)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop(2.0)

    def rewrite_asked(self) -> int:
        """Rewrite what is asked for and nobody else works on; returns how many objects."""
        done = 0
        while not self._loop.ended and (name := self._lease()) is not None:
            try:
                with step("index.rewrite", object=name):
                    _rewrite(self._indexer, name)
                done += 1
            except (TusouError, CorruptBlock, Moved) as error:
                # Its lease runs out, and somebody tries again.
                log.error("segment %s is not rewritten yet: %s", name, error)
        return done

    def _lease(self) -> str | None:
        free = or_(rewrites.c.lease_until.is_(None), rewrites.c.lease_until < now())
        waiting = select(rewrites.c.object).where(free).order_by(rewrites.c.asked_at).limit(1)
        with self._indexer.db.read() as c:
            name: str | None = c.execute(waiting).scalar()
        if name is None:
            return None
        with self._indexer.db.write() as c:
            taken = c.execute(
                update(rewrites)
                .where(rewrites.c.object == name, free)
                .values(holder=self._indexer.settings.process, lease_until=now() + LEASE_S)
            )
        return name if taken.rowcount else None


def _rewrite(indexer: Indexer, name: str) -> None:
    """Raises ObjectMissing, ObjectCorrupt, CorruptBlock, FingerprintMismatch, Unavailable, Moved."""
    rewritten = _without_stale_rows(indexer, name)
    stored = None
    if body := rewritten.body:
        stored = indexer.store.put(new_name("segments", rewritten.tenant, indexer.db.clock()), body)
    with indexer.db.write() as c:
        _finish_asked(c, name, indexer.settings.process)
        lock_products(c, rewritten.tenant, rewritten.held)
        if _current(c, name, rewritten.tenant, rewritten.held).keys() != rewritten.current:
            raise Moved("images of it changed meanwhile")
        for table in (segments, holdings):
            c.execute(delete(table).where(table.c.object == name))
        if stored is not None:
            _move_over(c, rewritten, stored)
        owners.remove(c, [name])


def _without_stale_rows(indexer: Indexer, name: str) -> Rewritten:
    with indexer.db.moment() as c:
        # No owner: it was rewritten before, and asked for again by a keeper that had not seen it yet.
        tenant = c.execute(select(objects.c.tenant).where(objects.c.name == name)).scalar() or ""
        held = tuple(c.execute(select(holdings.c.product_id).where(holdings.c.object == name)).scalars())
        current = _current(c, name, tenant, held)
        query = (
            select(segments, indexes.c.fingerprint, indexes.c.dim)
            .join(indexes, indexes.c.id == segments.c.index_id)
            .where(segments.c.object == name)
            .order_by(segments.c.offset)
        )
        found = c.execute(query).all()
    parts: list[Part] = []
    offset = 0
    for old in found:
        rows = _rows(indexer, old)
        pairs = zip(rows.product_ids, rows.image_ids, strict=True)
        kept = rows.take([n for n, (product, image) in enumerate(pairs) if current.get(image) == product])
        if len(kept):
            block = encode_block(kept, old.fingerprint)
            parts.append(Part(old.index_id, old.shard, offset, block, kept))
            offset += len(block)
    here = {image for part in parts for image in part.rows.image_ids}
    if lost := current.keys() - here:
        raise CorruptBlock(f"segment {name} lacks image {min(lost)}")
    return Rewritten(tenant, held, frozenset(current), tuple(parts))


def _current(c: Connection, name: str, tenant: str, held: tuple[str, ...]) -> dict[str, str]:
    """{image: its product} of the images whose vectors the object holds."""
    query = select(images.c.id, images.c.product_id).where(
        images.c.tenant == tenant, images.c.product_id.in_(held), images.c.segment == name
    )
    return {row.id: row.product_id for row in c.execute(query)}


def _rows(indexer: Indexer, part: Row[Any]) -> Rows:
    data = indexer.store.get_range(part.object, part.offset, part.length, sha256=part.sha256)
    return decode_block(data, fingerprint=part.fingerprint, dim=part.dim)


def _finish_asked(c: Connection, name: str, process: str) -> None:
    ours = delete(rewrites).where(rewrites.c.object == name, rewrites.c.holder == process)
    if not c.execute(ours).rowcount:
        raise Moved("another index worker has it now")


def _move_over(c: Connection, rewritten: Rewritten, stored: Stored) -> None:
    owners.own(c, rewritten.tenant, [stored])
    c.execute(
        insert(segments),
        [
            {
                "object": stored.name,
                "index_id": part.index_id,
                "shard": part.shard,
                "offset": part.offset,
                "length": len(part.block),
                "rows": len(part.rows),
                "sha256": hashlib.sha256(part.block).hexdigest(),
            }
            for part in rewritten.parts
        ],
    )
    products = sorted({product for part in rewritten.parts for product in part.rows.product_ids})
    c.execute(
        insert(holdings),
        [{"object": stored.name, "tenant": rewritten.tenant, "product_id": product} for product in products],
    )
    c.execute(
        update(images)
        .where(images.c.id == bindparam("image"))
        .values(segment=stored.name, segment_row=bindparam("row")),
        [
            {"image": image, "row": row}
            for part in rewritten.parts
            for row, image in enumerate(part.rows.image_ids)
        ],
    )
