"""Catalogs, their indexes with shards and placements, and images of products."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, select, union

from shared.db.engine import Database
from shared.db.tables import catalogs, images, indexes, placements, products, shards
from shared.fsck.finding import Code, Finding
from shared.index.state import IndexState

IN_USE = (IndexState.BUILDING, IndexState.LIVE)


def check(db: Database) -> Iterator[Finding]:
    with db.moment(patient=True) as c:
        known = {(row.tenant, row.name) for row in c.execute(select(catalogs.c.tenant, catalogs.c.name))}
        used = union(
            select(products.c.tenant, products.c.catalog), select(indexes.c.tenant, indexes.c.catalog)
        )
        named = {(row.tenant, row.catalog) for row in c.execute(used)}
        in_use = list(c.execute(select(indexes).where(indexes.c.state.in_(IN_USE))))
        there = {(row.index_id, row.shard) for row in c.execute(select(shards.c.index_id, shards.c.shard))}
        placed = {tuple(row) for row in c.execute(select(placements.c.index_id, placements.c.shard))}
        product = exists().where(
            products.c.tenant == images.c.tenant,
            products.c.id == images.c.product_id,
            products.c.deleted_no.is_(None),
        )
        stray = list(
            c.execute(
                select(images.c.id, images.c.tenant, images.c.product_id).where(
                    images.c.product_id.is_not(None), ~product
                )
            )
        )
    live = {(row.tenant, row.catalog) for row in in_use if row.state == IndexState.LIVE}
    for tenant, catalog in sorted(named - known):
        keys = {"tenant": tenant, "catalog": catalog}
        yield Finding(Code.CATALOG_MISSING, f"{tenant}/{catalog}", "it has no row", keys)
    for tenant, catalog in sorted((known | named) - live):
        yield Finding(Code.INDEX_MISSING, f"{tenant}/{catalog}", "it has no live index")
    for index in in_use:
        for shard in range(index.shards):
            keys = {"index_id": index.id, "shard": shard}
            if (index.id, shard) not in there:
                yield Finding(Code.SHARD_MISSING, f"{index.id}/{shard}", f"of catalog {index.catalog}", keys)
            if (index.id, shard) not in placed:
                yield Finding(
                    Code.PLACEMENT_MISSING, f"{index.id}/{shard}", f"of catalog {index.catalog}", keys
                )
    for image in stray:
        keys = {"tenant": image.tenant, "image": image.id, "product": image.product_id}
        yield Finding(Code.IMAGE_STRAY, image.id, f"of product {image.product_id!r}", keys)
