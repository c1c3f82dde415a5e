"""Tombstones: the row of a product that is not there, before its first write or after its delete.

A tombstone keeps the accept_no of the delete, so that nothing accepted before it brings any of the
product back, and a product that comes alive again starts from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select, update

from shared.catalog.image_rows import drop_images
from shared.catalog.product import ATTRIBUTES
from shared.db.engine import Database, now
from shared.db.tables import images, products
from shared.index import entries, log
from shared.index.placement import LiveIndex, shard_of

# So that no transaction holds many locks for long.
BATCH = 500


@dataclass(frozen=True)
class Buried:
    """One batch: how many rows became tombstones (or newer ones), and the products that this hid.

    `last` is the greatest id of them.
    """

    rows: int
    hidden: tuple[str, ...] = ()
    last: str | None = None


def make_absent(
    c: Connection, db: Database, tenant: str, catalog: str, deleted_nos: Mapping[str, int]
) -> None:
    """Give each of these ids a row: an absent one becomes a tombstone of this number (0: never deleted).

    Rows are born in order of id, so that two that make the same products never wait in a circle.
    """
    there = select(products.c.id).where(products.c.tenant == tenant, products.c.id.in_(tuple(deleted_nos)))
    absent = sorted(deleted_nos.keys() - set(c.execute(there).scalars()))
    if absent:
        c.execute(
            db.insert(products)
            .values(created_at=now(), updated_at=now(), deleted_at=now())
            .on_conflict_do_nothing(index_elements=["tenant", "id"]),
            [
                {
                    "tenant": tenant,
                    "id": product_id,
                    "catalog": catalog,
                    **_tombstone(deleted_nos[product_id]),
                }
                for product_id in absent
            ],
        )


def bury(c: Connection, tenant: str, product_ids: list[str], accept_no: int) -> None:
    """Turn locked products into tombstones; their images go. A late embedding of theirs is left out."""
    of_these = (images.c.tenant == tenant, images.c.product_id.in_(product_ids))
    drop_images(c, c.execute(select(images).where(*of_these)))
    c.execute(
        update(products)
        .where(products.c.tenant == tenant, products.c.id.in_(product_ids))
        .values(**_tombstone(accept_no), deleted_at=now(), updated_at=now())
    )


def bury_older(
    c: Connection,
    index: LiveIndex,
    accept_no: int,
    *,
    spare: Select[tuple[str]] | None = None,
    after: str | None = None,
) -> Buried:
    """Delete up to BATCH products of the index's catalog that were last written before `accept_no`.

    `spare` selects ids that stay; only ids greater than `after` are looked at. Older tombstones become newer
    ones, as a product that was deleted twice; they are not logged again. No rows: nothing is left to delete.
    """
    older = select(products.c.id, products.c.deleted_no).where(
        products.c.tenant == index.tenant,
        products.c.catalog == index.catalog,
        products.c.accepted_no < accept_no,
    )
    if spare is not None:
        older = older.where(products.c.id.not_in(spare))
    if after is not None:
        older = older.where(products.c.id > after)
    rows = c.execute(older.order_by(products.c.id).limit(BATCH).with_for_update()).all()
    if not rows:
        return Buried(0)
    bury(c, index.tenant, [row.id for row in rows], accept_no)
    hidden = [row.id for row in rows if row.deleted_no is None]
    by_shard: dict[int, list[str]] = {}
    for product_id in hidden:
        by_shard.setdefault(shard_of(product_id, index.shards), []).append(product_id)
    log.append(c, index.id, {shard: [entries.delete(ids)] for shard, ids in by_shard.items()})
    return Buried(len(rows), tuple(hidden), rows[-1].id)


def _tombstone(accept_no: int) -> dict[str, Any]:
    return {
        "attributes": {},
        # An older import that ends later brings none of its attributes back.
        "orders": {name: [accept_no, 0] for name in ATTRIBUTES},
        "images_order": [accept_no, 0],
        "accepted_no": accept_no,
        "deleted_no": accept_no,
    }
