"""Accepting a single write: what it sets at once, and whether photos have to be embedded first.

What was accepted later wins, attribute by attribute, whatever finishes first: every write takes an
`accept_no`, and each attribute remembers the (accept_no, line) that set it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, update

from shared.catalog.burial import bury, make_absent
from shared.catalog.image_rows import drop_images, images_by_product
from shared.catalog.locks import lock_products, next_accept_no, share_catalog
from shared.catalog.product import ATTRIBUTES, logged_columns_of
from shared.db.engine import Database, now
from shared.db.tables import products
from shared.errors import Conflict, NotFound
from shared.index import entries, log
from shared.index.placement import LiveIndex, shard_of
from shared.index.versions import Version


@dataclass(frozen=True)
class WantedImage:
    """An image that a product should have. Unchanged means: same source and same image_version."""

    source: str
    image_version: str | None = None


@dataclass(frozen=True)
class Accepted:
    """`version` shows the write when no photo has to be embedded; else `embed` is true."""

    accept_no: int
    version: Version
    embed: bool


def accept_write(
    c: Connection,
    db: Database,
    *,
    index: LiveIndex,
    product_id: str,
    attributes: dict[str, Any],
    wanted: list[WantedImage] | None,
    replace: bool,
) -> Accepted:
    """A PUT (`replace`: attributes not given become null) or a PATCH of one product.

    `wanted` None leaves the images alone. Raises NotFound (PATCH of an unknown one), Conflict
    (`catalog_fixed`).
    """
    row = _locked(c, db, index, product_id, make=replace)
    accept_no = next_accept_no(c, db)
    if replace:
        attributes = {name: attributes.get(name) for name in ATTRIBUTES}
    merged = {**row.attributes, **attributes}
    current = images_by_product(c, index.tenant, [product_id])[product_id]
    gone = _gone(index, list(current.values()), wanted)
    drop_images(c, gone or ())
    c.execute(
        update(products)
        .where(products.c.tenant == index.tenant, products.c.id == product_id)
        .values(
            attributes=merged,
            orders={**row.orders, **{name: [accept_no, 0] for name in attributes}},
            images_order=row.images_order if wanted is None or gone is None else [accept_no, 0],
            accepted_no=accept_no,
            updated_at=now(),
            deleted_no=None,
            deleted_at=None,
        )
    )
    logged: list[log.Entry] = []
    if gone:
        logged.append(entries.patch({}, dropped=[i.id for i in gone]))
    if len(gone or ()) < len(current) and logged_columns_of(merged) != logged_columns_of(row.attributes):
        logged.append(entries.patch({product_id: logged_columns_of(merged)}))
    return Accepted(accept_no, _log(c, index, product_id, logged), embed=gone is None)


def _locked(c: Connection, db: Database, index: LiveIndex, product_id: str, *, make: bool) -> Row[Any]:
    """The product; with `make`, an absent one is born. Raises NotFound, Conflict (`catalog_fixed`)."""
    if make:
        replaced_no = share_catalog(c, index.tenant, index.catalog)
        make_absent(c, db, index.tenant, index.catalog, {product_id: replaced_no})
    row = lock_products(c, index.tenant, [product_id]).get(product_id)
    if row is None or (not make and row.deleted_no is not None):
        raise NotFound(f"there is no product {product_id!r}")
    if row.catalog != index.catalog:
        raise Conflict(f"product {product_id!r} belongs to catalog {row.catalog!r}", code="catalog_fixed")
    return row


def _gone(
    index: LiveIndex, current: list[Row[Any]], wanted: list[WantedImage] | None
) -> list[Row[Any]] | None:
    """Images that this write takes away at once; None when an image that it wants has to be embedded."""
    if wanted is None:
        return []
    have = {(i.source, i.image_version): i.id for i in current if i.fingerprint == index.fingerprint}
    named = {(w.source, w.image_version) for w in wanted}
    if not named <= have.keys():
        return None
    kept = {have[name] for name in named}
    return [i for i in current if i.id not in kept]


def accept_delete(c: Connection, db: Database, *, index: LiveIndex, product_id: str) -> Accepted:
    """A tombstone: hidden at once. Raises NotFound."""
    row = lock_products(c, index.tenant, [product_id]).get(product_id)
    if row is None or row.deleted_no is not None or row.catalog != index.catalog:
        raise NotFound(f"there is no product {product_id!r}")
    accept_no = next_accept_no(c, db)
    bury(c, index.tenant, [product_id], accept_no)
    entry = entries.delete([product_id])
    return Accepted(accept_no, _log(c, index, product_id, [entry]), embed=False)


def _log(c: Connection, index: LiveIndex, product_id: str, logged: list[log.Entry]) -> Version:
    shard = shard_of(product_id, index.shards)
    reached = log.append(c, index.id, {shard: logged})
    return Version(index.id, reached or {shard: log.positions(c, index.id)[shard]})
