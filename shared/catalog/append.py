"""The append transaction: embedded images become part of their products and of the log.

It locks the product rows, leaves out vectors that are no longer current, and takes attributes from
the row. Images that several rows of one import name add up; those of a later write replace. The
number of statements does not grow with the number of changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, insert, update

from shared.catalog.burial import make_absent
from shared.catalog.changes import ProductChange, SegmentRange
from shared.catalog.image_rows import add_images, drop_images, images_by_product, place_images
from shared.catalog.locks import lock_products, share_catalog
from shared.catalog.replaced import named_by_replace
from shared.catalog.segment_entries import entries_of
from shared.catalog.standing import Standing
from shared.db.engine import Database, now
from shared.db.tables import holdings, products, segments
from shared.errors import Unavailable
from shared.index import log
from shared.index.placement import LiveIndex
from shared.kill_points import kill_point
from shared.storage import owners


def append(
    c: Connection,
    db: Database,
    *,
    index: LiveIndex,
    changes: list[ProductChange],
    ranges: Mapping[int, SegmentRange],
) -> log.Positions:
    """Apply `changes` in order and log them; returns the positions reached.

    `ranges`: {shard: where its vectors lie}. The caller holds the job's or chunk's row lock already
    (shared/catalog/locks.py). Raises Unavailable for what moved meanwhile: done again, it fits.
    """
    standings = _locked(c, db, index, changes)
    for change in changes:
        standings[change.product_id].take(change)
    kill_point("append.locked")
    _write_products(c, index.tenant, standings)
    kill_point("append.products_written")
    _write_images(c, index.tenant, standings)
    kill_point("append.images_written")
    _write_segments(c, index, standings, ranges)
    kill_point("append.segments_written")
    reached = log.append(c, index.id, entries_of(index, standings, ranges))
    kill_point("append.logged")
    return reached


def _locked(
    c: Connection, db: Database, index: LiveIndex, changes: list[ProductChange]
) -> dict[str, Standing]:
    """Every product of `changes`; absent ones become tombstones, which the first change that counts ends."""
    tenant, catalog = index.tenant, index.catalog
    ids = {change.product_id for change in changes}
    replaced_no = share_catalog(c, tenant, catalog)
    named: set[str] = set()
    if any(change.accept_no < replaced_no for change in changes):
        named = named_by_replace(c, tenant, catalog, replaced_no, ids)
    make_absent(c, db, tenant, catalog, {i: 0 if i in named else replaced_no for i in ids})
    rows = lock_products(c, tenant, ids)
    if len(rows) < len(ids):
        raise Unavailable("a tombstone was cleared away meanwhile", code="product_moved")
    if any(row.catalog != catalog for row in rows.values()):
        # Made elsewhere since the chunk looked; done again, its row is told as bad.
        raise Unavailable("a product came to belong to another catalog meanwhile", code="catalog_moved")
    have = images_by_product(c, tenant, ids)
    return {product_id: Standing.of(row, have[product_id]) for product_id, row in rows.items()}


def _write_products(c: Connection, tenant: str, standings: Mapping[str, Standing]) -> None:
    names = ("attributes", "orders", "images_order", "accepted_no")
    written = [
        {"product_id": product_id, **{f"new_{name}": getattr(standing, name) for name in names}}
        for product_id, standing in standings.items()
        if standing.written
    ]
    if written:
        c.execute(
            update(products)
            .where(products.c.tenant == tenant, products.c.id == bindparam("product_id"))
            .values(
                **{name: bindparam(f"new_{name}") for name in names},
                deleted_no=None,
                deleted_at=None,
                updated_at=now(),
            ),
            written,
        )


def _write_images(c: Connection, tenant: str, standings: Mapping[str, Standing]) -> None:
    changed = standings.values()
    add_images(c, tenant, (new for standing in changed for new in standing.new.values()))
    place_images(c, {i: place for standing in changed for i, place in standing.kept.items()})
    drop_images(c, [standing.have[i] for standing in changed for i in sorted(standing.dropped)])
    # Objects of images that came too late have an owner row and nobody who wants them.
    late = [i for standing in changed for i in standing.left_out]
    owners.remove(c, (name for i in late for name in (i.normalised, i.thumbnail)))


def _write_segments(
    c: Connection, index: LiveIndex, standings: Mapping[str, Standing], ranges: Mapping[int, SegmentRange]
) -> None:
    stored = [(shard, held) for shard, held in ranges.items() if held.object is not None]
    if not stored:
        return
    c.execute(
        insert(segments),
        [
            {
                "object": held.object,
                "index_id": index.id,
                "shard": shard,
                "offset": held.offset,
                "length": held.length,
                "rows": held.rows,
                "sha256": held.sha256,
            }
            for shard, held in stored
        ],
    )
    holds = {
        (image.segment, product_id)
        for product_id, standing in standings.items()
        for image in [*(i for i, _ in standing.new.values()), *standing.left_out]
        if image.segment is not None
    }
    c.execute(
        insert(holdings), [{"object": o, "tenant": index.tenant, "product_id": p} for o, p in sorted(holds)]
    )
