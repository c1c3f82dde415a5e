"""Accepting a single write: what it sets at once, and whether photos have to be embedded first.

What was accepted later wins, attribute by attribute, whatever finishes first: every write takes an
`accept_no`, and each attribute remembers the (accept_no, line) that set it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from shared.catalog.product import ATTRIBUTES, columns_of
from shared.db.engine import Database, now
from shared.db.tables import counters, images, products
from shared.errors import Conflict, NotFound
from shared.index import log
from shared.index.placement import shard_of
from shared.index.versions import Version
from shared.storage import owners


@dataclass(frozen=True)
class Wanted:
    """An image that a product should have. Unchanged means: same source and same image_version."""

    source: str
    image_version: str | None = None


@dataclass(frozen=True)
class Accepted:
    """`version` shows the write when no photo has to be embedded; else `embed` is true."""

    accept_no: int
    version: Version
    embed: bool


def next_accept_no(c: Connection, db: Database) -> int:
    """One increasing number; its row's lock makes the order of numbers the order of commits."""
    taken = (
        db.insert(counters)
        .values(name="accept", value=1)
        .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
        .returning(counters.c.value)
    )
    return int(c.execute(taken).scalar_one())


def lock_products(
    c: Connection, db: Database, tenant: str, catalog: str, ids: list[str], *, make: bool
) -> dict[str, Row[Any]]:
    """Rows of these ids, locked in order of id; with `make`, absent ones are born empty."""
    if make:
        for product_id in sorted(ids):
            c.execute(
                db.insert(products)
                .values(
                    tenant=tenant,
                    id=product_id,
                    catalog=catalog,
                    attributes={},
                    orders={},
                    images_order=[0, 0],
                    accepted_no=0,
                    created_at=now(),
                    updated_at=now(),
                )
                .on_conflict_do_nothing(index_elements=["tenant", "id"])
            )
    query = (
        select(products)
        .where(products.c.tenant == tenant, products.c.id.in_(ids))
        .order_by(products.c.id)
        .with_for_update()
    )
    return {row.id: row for row in c.execute(query)}


def accept_write(
    c: Connection,
    db: Database,
    *,
    index: Row[Any],
    product_id: str,
    attributes: dict[str, Any],
    wanted: list[Wanted] | None,
    replace: bool,
) -> Accepted:
    """A PUT (`replace`: attributes not given become null) or a PATCH of one product.

    `wanted` None leaves the images alone. Raises NotFound (PATCH of an unknown one), Conflict
    (`catalog_fixed`).
    """
    tenant, catalog = index.tenant, index.catalog
    accept_no = next_accept_no(c, db)
    rows = lock_products(c, db, tenant, catalog, [product_id], make=replace)
    row = rows.get(product_id)
    if row is None or (not replace and row.deleted_no is not None):
        raise NotFound(f"there is no product {product_id!r}")
    if row.catalog != catalog:
        raise Conflict(f"product {product_id!r} belongs to catalog {row.catalog!r}", code="catalog_fixed")
    if replace:
        attributes = {name: attributes.get(name) for name in ATTRIBUTES}
    merged = {**row.attributes, **attributes}
    orders = {**row.orders, **{name: [accept_no, 0] for name in attributes}}
    current = list(
        c.execute(select(images).where(images.c.tenant == tenant, images.c.product_id == product_id))
    )
    changed: dict[str, Any] = {}
    dropped: list[str] = []
    embed = False
    if wanted is not None:
        have = {(i.source, i.image_version): i for i in current if i.fingerprint == index.fingerprint}
        embed = any((w.source, w.image_version) not in have for w in wanted)
        if not embed:
            kept = {have[w.source, w.image_version].id for w in wanted}
            gone = [i for i in current if i.id not in kept]
            drop_images(c, gone)
            dropped = [i.id for i in gone]
            changed["images_order"] = [accept_no, 0]
    c.execute(
        update(products)
        .where(products.c.tenant == tenant, products.c.id == product_id)
        .values(
            attributes=merged,
            orders=orders,
            accepted_no=accept_no,
            updated_at=now(),
            deleted_no=None,
            deleted_at=None,
            **changed,
        )
    )
    entries: list[log.Entry] = []
    if dropped:
        entries.append(log.Entry(log.PATCH, {"columns": {}, "dropped": dropped}))
    if len(dropped) < len(current) and columns_of(merged) != columns_of(row.attributes):
        entries.append(log.Entry(log.PATCH, {"columns": {product_id: columns_of(merged)}}))
    return Accepted(accept_no, _log(c, index, product_id, entries), embed)


def accept_delete(c: Connection, db: Database, *, index: Row[Any], product_id: str) -> Accepted:
    """A tombstone: hidden at once. Raises NotFound."""
    accept_no = next_accept_no(c, db)
    row = lock_products(c, db, index.tenant, index.catalog, [product_id], make=False).get(product_id)
    if row is None or row.deleted_no is not None or row.catalog != index.catalog:
        raise NotFound(f"there is no product {product_id!r}")
    bury(c, index.tenant, [product_id], accept_no)
    entry = log.Entry(log.DELETE, {"products": [product_id]})
    return Accepted(accept_no, _log(c, index, product_id, [entry]), embed=False)


def bury(c: Connection, tenant: str, product_ids: list[str], accept_no: int) -> None:
    """Turn product rows into tombstones; their images go. A late embedding of theirs is left out."""
    gone = list(
        c.execute(select(images).where(images.c.tenant == tenant, images.c.product_id.in_(product_ids)))
    )
    drop_images(c, gone)
    c.execute(
        update(products)
        .where(products.c.tenant == tenant, products.c.id.in_(product_ids))
        .values(
            attributes={},
            # An older import that ends later brings none of its attributes back.
            orders={name: [accept_no, 0] for name in ATTRIBUTES},
            images_order=[accept_no, 0],
            accepted_no=accept_no,
            deleted_no=accept_no,
            deleted_at=now(),
            updated_at=now(),
        )
    )


def drop_images(c: Connection, gone: Iterable[Row[Any]]) -> None:
    """Image rows go, and their objects are marked for removal."""
    rows = list(gone)
    owners.remove(c, (name for i in rows for name in (i.upload, i.normalised, i.thumbnail)))
    c.execute(delete(images).where(images.c.id.in_([i.id for i in rows])))


def _log(c: Connection, index: Row[Any], product_id: str, entries: list[log.Entry]) -> Version:
    shard = shard_of(product_id, index.shards)
    reached = log.append(c, index.id, {shard: entries})
    return Version(index.id, reached or {shard: log.positions(c, index.id)[shard]})
