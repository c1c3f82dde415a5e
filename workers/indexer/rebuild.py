"""A shard made again from SQL: the last resort, when no snapshot of it loads and its log was trimmed.

What is current stands in `products` and `images`; an image's vector stands in its own row (single writes) or
in the shard's part of a segment.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select, update

from shared.catalog.filters import Columns
from shared.catalog.living import products_of
from shared.catalog.product import logged_columns_of
from shared.db.tables import images, indexes, segments, shards
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.images.box import WHOLE
from shared.images.state import ImageState
from shared.index import log as shard_log
from shared.telemetry import step
from shared.vectors.codec import CorruptBlock, Rows, decode_block
from workers.indexer.changes import engine_columns_of
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import ShardEngine, Upsert
from workers.indexer.shards import Key, View

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Current:
    """What a shard holds at a position of its log, as SQL has it. Images by segment; None: single writes."""

    index: Row[Any]
    at: shard_log.Position
    columns: dict[str, Columns] = field(default_factory=dict)  # by product id
    images: dict[str | None, list[Row[Any]]] = field(default_factory=dict)
    parts: dict[str, Row[Any]] = field(default_factory=dict)  # by segment: where this shard's rows lie


def from_sql(indexer: Indexer, key: Key) -> View:
    """The shard at the end of its log; a snapshot of it is asked for, so that this need not be done again.

    Raises ObjectCorrupt when a vector is lost or damaged too, FingerprintMismatch, Unavailable.
    """
    index_id, shard = key
    with step("index.rebuild", index=index_id, shard=shard) as current:
        found = _read(indexer, key)
        try:
            engine = _engine_of(indexer, found)
        except (ObjectMissing, ObjectCorrupt, CorruptBlock) as error:
            raise ObjectCorrupt(f"no snapshot of it is good, and SQL does not suffice: {error}") from error
        with indexer.db.write() as c:
            here = (shards.c.index_id == index_id, shards.c.shard == shard)
            c.execute(update(shards).where(*here).values(seal_wanted=True))
        current.note(rows=engine.rows(), seq=found.at.seq)
    log.warning(
        "shard %s/%d was rebuilt from SQL, as no snapshot of it is good: %d rows, %d segments read, at %d",
        *key,
        engine.rows(),
        len(found.images.keys() - {None}),
        found.at.seq,
    )
    return View(engine, found.at.seq, found.at.chain)


def _read(indexer: Indexer, key: Key) -> Current:
    """Position and rows of one moment: nothing of a later entry is among them."""
    index_id, shard = key
    with indexer.db.moment() as c:
        index = c.execute(select(indexes).where(indexes.c.id == index_id)).one()
        current = Current(index, shard_log.positions(c, index_id)[shard])
        parts = select(segments).where(segments.c.index_id == index_id, segments.c.shard == shard)
        current.parts.update({part.object: part for part in c.execute(parts)})
        for page in products_of(c, index, shard):
            columns = {row.id: engine_columns_of(logged_columns_of(row.attributes)) for row in page}
            for image in _images(c, index, list(columns)):
                current.columns[image.product_id] = columns[image.product_id]
                current.images.setdefault(image.segment, []).append(image)
    return current


def _images(c: Connection, index: Row[Any], product_ids: list[str]) -> list[Row[Any]]:
    query = select(images.c.id, images.c.product_id, images.c.segment, images.c.vector).where(
        images.c.tenant == index.tenant,
        images.c.product_id.in_(product_ids),
        images.c.fingerprint == index.fingerprint,
        images.c.state == ImageState.READY,
    )
    return list(c.execute(query))


def _engine_of(indexer: Indexer, found: Current) -> ShardEngine:
    engine = indexer.engines.open(found.index.dim, found.index.fingerprint)
    for segment in found.images:
        rows = _inline_rows(found) if segment is None else _segment_rows(indexer, found, segment)
        engine.apply([Upsert(rows, {i: found.columns[i] for i in set(rows.product_ids)})])
    return engine


def _inline_rows(found: Current) -> Rows:
    """Single writes: item 0, the whole image, as they were logged."""
    written = found.images[None]
    for image in written:
        if len(image.vector or b"") != 2 * found.index.dim:
            raise CorruptBlock(f"the vector of image {image.id} is not of {found.index.dim} dimensions")
    return Rows(
        product_ids=[image.product_id for image in written],
        image_ids=[image.id for image in written],
        items=np.zeros(len(written), np.int16),
        boxes=np.tile(np.array(WHOLE, np.float32), (len(written), 1)),
        vectors=np.frombuffer(b"".join(i.vector for i in written), np.float16).reshape(len(written), -1),
    )


def _segment_rows(indexer: Indexer, found: Current, segment: str) -> Rows:
    """Rows of images that are still in the catalogue; a segment keeps those of former ones too."""
    part = found.parts.get(segment)
    if part is None:
        raise ObjectMissing(f"no part of segment {segment} belongs to the shard")
    data = indexer.store.get_range(segment, part.offset, part.length, sha256=part.sha256)
    rows = decode_block(data, fingerprint=found.index.fingerprint, dim=found.index.dim)
    wanted = {(image.product_id, image.id) for image in found.images[segment]}
    here = list(zip(rows.product_ids, rows.image_ids, strict=True))
    if missing := wanted - set(here):
        raise CorruptBlock(f"segment {segment} lacks image {min(missing)[1]}")
    return rows.take([n for n, of in enumerate(here) if of in wanted])
