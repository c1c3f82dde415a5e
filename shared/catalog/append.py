"""The append transaction: embedded images become part of their products and of the log.

It locks the product rows, leaves out vectors that are no longer current, and takes attributes from
the row. Images that several rows of one import name add up; those of a later write replace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from shared.catalog.product import columns_of
from shared.catalog.writes import drop_images, lock_products
from shared.db.engine import Database, now
from shared.db.tables import holdings, images, products, segments
from shared.errors import Unavailable
from shared.index import log
from shared.index.placement import shard_of
from shared.storage import owners


@dataclass(frozen=True)
class NewImage:
    """An image that was embedded for this write. `segment_row` counts within its shard's part."""

    id: str
    source: str
    image_version: str | None
    position: int
    sha256: str
    width: int
    height: int
    normalised: str
    thumbnail: str | None
    fingerprint: str
    etag: str | None = None
    last_modified: str | None = None
    segment: str | None = None
    segment_row: int | None = None
    vector: bytes | None = None  # float16, of a single write


@dataclass(frozen=True)
class KeptImage:
    """An image that the product has already, unchanged."""

    id: str
    position: int


@dataclass(frozen=True)
class ProductChange:
    """One row of a manifest, or one single write (whose attributes were set when it was accepted)."""

    product_id: str
    accept_no: int
    line: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[NewImage | KeptImage, ...] | None = None  # None: leave the images alone
    complete: bool = True  # false: an image of it failed, so nothing that it has is dropped


@dataclass(frozen=True)
class Part:
    """One shard's rows: a range of a segment object, or inline bytes."""

    rows: int
    sha256: str
    object: str | None = None
    offset: int = 0
    length: int = 0
    inline: bytes | None = None


@dataclass
class _Product:
    row: Row[Any]
    attributes: dict[str, Any]
    orders: dict[str, list[int]]
    images_order: list[int]
    accepted_no: int
    deleted_no: int | None
    have: dict[str, Row[Any]]
    new: dict[str, tuple[NewImage, ProductChange]] = field(default_factory=dict)
    touched: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    left_out: list[NewImage] = field(default_factory=list)

    def take(self, change: ProductChange) -> None:
        if self.deleted_no is not None and self.deleted_no > change.accept_no:
            self._leave_out(change)
            return
        self.deleted_no = None
        self.accepted_no = max(self.accepted_no, change.accept_no)
        place = [change.accept_no, change.line]
        for name, value in change.attributes.items():
            if place > self.orders.get(name, [0, 0]):
                self.attributes[name] = value
                self.orders[name] = place
        if change.images is None:
            return
        if change.accept_no < self.images_order[0]:
            self._leave_out(change)
            return
        if change.accept_no > self.images_order[0] and change.complete:
            self.dropped |= set(self.have)
        self.images_order = [change.accept_no, change.line]
        for image in change.images:
            if isinstance(image, NewImage):
                self.new[image.id] = (image, change)
            elif image.id not in self.have:
                # Another row's append dropped it meanwhile; done again, it is embedded.
                raise Unavailable(
                    f"image {image.id} of {change.product_id!r} moved meanwhile", code="images_moved"
                )
            else:
                self.dropped.discard(image.id)
                self.touched[image.id] = (change.accept_no, change.line, image.position)

    def _leave_out(self, change: ProductChange) -> None:
        self.left_out += [i for i in change.images or () if isinstance(i, NewImage)]


def append(
    c: Connection,
    db: Database,
    *,
    index: Row[Any],
    changes: list[ProductChange],
    parts: Mapping[int, Part],
) -> dict[int, tuple[int, str]]:
    """Apply `changes` in order and log them; returns {shard: (seq, chain)} reached.

    The caller holds the job's or chunk's row lock already (lock order: job or chunk, products by
    id, shards). A product of another catalog must have been refused before.
    """
    tenant = index.tenant
    ids = sorted({change.product_id for change in changes})
    rows = lock_products(c, db, tenant, index.catalog, ids, make=True)
    if any(row.catalog != index.catalog for row in rows.values()):
        # Made elsewhere since the chunk looked; done again, its row is told as bad.
        raise Unavailable("a product came to belong to another catalog meanwhile", code="catalog_moved")
    have: dict[str, dict[str, Row[Any]]] = {product_id: {} for product_id in ids}
    for image in c.execute(select(images).where(images.c.tenant == tenant, images.c.product_id.in_(ids))):
        have[image.product_id][image.id] = image
    states = {
        product_id: _Product(
            row=row,
            attributes=dict(row.attributes),
            orders=dict(row.orders),
            images_order=list(row.images_order),
            accepted_no=row.accepted_no,
            deleted_no=row.deleted_no,
            have=have[product_id],
        )
        for product_id, row in rows.items()
    }
    for change in changes:
        states[change.product_id].take(change)
    _write_products(c, tenant, states)
    _write_images(c, tenant, states)
    _write_segments(c, tenant, index, states, parts)
    return log.append(c, index.id, _entries(index, states, parts))


def _write_products(c: Connection, tenant: str, states: Mapping[str, _Product]) -> None:
    for product_id, state in states.items():
        c.execute(
            update(products)
            .where(products.c.tenant == tenant, products.c.id == product_id)
            .values(
                attributes=state.attributes,
                orders=state.orders,
                images_order=state.images_order,
                accepted_no=state.accepted_no,
                deleted_no=state.deleted_no,
                deleted_at=state.row.deleted_at if state.deleted_no is not None else None,
                updated_at=now(),
            )
        )


def _write_images(c: Connection, tenant: str, states: Mapping[str, _Product]) -> None:
    born = [
        {
            "tenant": tenant,
            "product_id": product_id,
            "accept_no": change.accept_no,
            "line": change.line,
            "state": "ready",
            "id": i.id,
            "source": i.source,
            "image_version": i.image_version,
            "position": i.position,
            "sha256": i.sha256,
            "width": i.width,
            "height": i.height,
            "normalised": i.normalised,
            "thumbnail": i.thumbnail,
            "fingerprint": i.fingerprint,
            "etag": i.etag,
            "last_modified": i.last_modified,
            "segment": i.segment,
            "segment_row": i.segment_row,
            "vector": i.vector,
        }
        for product_id, state in states.items()
        for i, change in state.new.values()
    ]
    if born:
        c.execute(insert(images).values(created_at=now()), born)
    for state in states.values():
        for image_id, (accept_no, line, position) in state.touched.items():
            c.execute(
                update(images)
                .where(images.c.id == image_id)
                .values(accept_no=accept_no, line=line, position=position)
            )
    drop_images(c, [state.have[i] for state in states.values() for i in sorted(state.dropped)])
    # Objects of images that came too late have an owner row and nobody who wants them.
    late = [i for state in states.values() for i in state.left_out]
    owners.remove(c, (name for i in late for name in (i.normalised, i.thumbnail)))


def _write_segments(
    c: Connection, tenant: str, index: Row[Any], states: Mapping[str, _Product], parts: Mapping[int, Part]
) -> None:
    stored = [(shard, part) for shard, part in parts.items() if part.object is not None]
    if not stored:
        return
    c.execute(
        insert(segments),
        [
            {
                "object": part.object,
                "index_id": index.id,
                "shard": shard,
                "offset": part.offset,
                "length": part.length,
                "rows": part.rows,
                "sha256": part.sha256,
            }
            for shard, part in stored
        ],
    )
    held = {
        (image.segment, product_id)
        for product_id, state in states.items()
        for image in [*(i for i, _ in state.new.values()), *state.left_out]
        if image.segment is not None
    }
    c.execute(insert(holdings), [{"object": o, "tenant": tenant, "product_id": p} for o, p in sorted(held)])


def _entries(
    index: Row[Any], states: Mapping[str, _Product], parts: Mapping[int, Part]
) -> dict[int, list[log.Entry]]:
    by_shard: dict[int, list[tuple[str, _Product]]] = {shard: [] for shard in parts}
    for product_id, state in states.items():
        by_shard.setdefault(shard_of(product_id, index.shards), []).append((product_id, state))
    return {shard: _shard_entries(members, parts.get(shard)) for shard, members in by_shard.items()}


def _shard_entries(members: list[tuple[str, _Product]], part: Part | None) -> list[log.Entry]:
    columns = {
        product_id: columns_of(state.attributes)
        for product_id, state in members
        if state.deleted_no is None
        and (state.new or columns_of(state.attributes) != columns_of(state.row.attributes))
        and (state.new or state.have)
    }
    dropped = sorted(i for _, state in members for i in state.dropped)
    body: dict[str, Any] = {"columns": columns}
    if dropped:
        body["dropped"] = dropped
    left_out = sorted(i.segment_row or 0 for _, state in members for i in state.left_out)
    if part is None or len(left_out) == part.rows:
        return [log.Entry(log.PATCH, body)] if columns or dropped else []
    if left_out:
        body["left_out"] = left_out
    if part.object is None:
        return [log.Entry(log.INLINE, body, inline=part.inline, rows=part.rows)]
    body |= {
        "object": part.object,
        "offset": part.offset,
        "length": part.length,
        "sha256": part.sha256,
        "rows": part.rows,
    }
    return [log.Entry(log.SEGMENT, body, rows=part.rows)]
