"""Catalogs, their indexes with shards and placements, and images of products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, not_, select, union

from shared.db.engine import Database, now
from shared.db.tables import (
    catalogs,
    holdings,
    images,
    indexes,
    log,
    placements,
    products,
    segments,
    shards,
    snapshots,
)
from shared.fsck.finding import Code, Finding
from shared.index.placement import groups_seen
from shared.index.state import IndexState
from shared.liveness import GROUP_KNOWN_S

IN_USE = (IndexState.BUILDING, IndexState.LIVE)
OF_SHARDS = (shards, placements, log, snapshots, segments)

# A group that restarts is back long before; a keeper forgets a replica after as long.
ABSENT_AFTER_S = 3600
# A photo's row gets its end with it.
SETTLED_S = 3600


def check(db: Database) -> Iterator[Finding]:
    with db.moment(patient=True) as c:
        for look in (_catalogs, _shards, _images, _stray, _absent, _photos):
            yield from look(c)


def _in_use(c: Connection) -> list[Row[Any]]:
    return list(c.execute(select(indexes).where(indexes.c.state.in_(IN_USE))))


def _catalogs(c: Connection) -> Iterator[Finding]:
    known = {(row.tenant, row.name) for row in c.execute(select(catalogs.c.tenant, catalogs.c.name))}
    used = union(select(products.c.tenant, products.c.catalog), select(indexes.c.tenant, indexes.c.catalog))
    named = {(row.tenant, row.catalog) for row in c.execute(used)}
    live = Counter((row.tenant, row.catalog) for row in _in_use(c) if row.state == IndexState.LIVE)
    for tenant, catalog in sorted(named - known):
        keys = {"tenant": tenant, "catalog": catalog}
        yield Finding(Code.CATALOG_MISSING, f"{tenant}/{catalog}", "it has no row", keys)
    for tenant, catalog in sorted((known | named) - live.keys()):
        yield Finding(Code.INDEX_MISSING, f"{tenant}/{catalog}", "it has no live index")
    for (tenant, catalog), times in live.items():
        if times > 1:
            keys = {"tenant": tenant, "catalog": catalog}
            yield Finding(Code.INDEX_TWICE, f"{tenant}/{catalog}", f"{times} indexes are live", keys)


def _shards(c: Connection) -> Iterator[Finding]:
    there = {(row.index_id, row.shard) for row in c.execute(select(shards.c.index_id, shards.c.shard))}
    placed = {tuple(row) for row in c.execute(select(placements.c.index_id, placements.c.shard))}
    for index in _in_use(c):
        for shard in range(index.shards):
            subject, detail = f"{index.id}/{shard}", f"of catalog {index.catalog}"
            keys = {"index_id": index.id, "shard": shard}
            if (index.id, shard) not in there:
                yield Finding(Code.SHARD_MISSING, subject, detail, keys)
            if (index.id, shard) not in placed:
                yield Finding(Code.PLACEMENT_MISSING, subject, detail, keys)


def _images(c: Connection) -> Iterator[Finding]:
    """Images of products that do not live."""
    living = exists().where(
        products.c.tenant == images.c.tenant,
        products.c.id == images.c.product_id,
        products.c.deleted_no.is_(None),
    )
    stray = select(images.c.id, images.c.tenant, images.c.product_id)
    for image in c.execute(stray.where(images.c.product_id.is_not(None), ~living)):
        keys = {"tenant": image.tenant, "image": image.id, "product": image.product_id}
        yield Finding(Code.IMAGE_STRAY, image.id, f"of product {image.product_id!r}", keys)


def _stray(c: Connection) -> Iterator[Finding]:
    """Rows of shards that no index has, and of segments that have no part any more."""
    found: dict[tuple[str, int], list[str]] = {}
    for table in OF_SHARDS:
        has = exists().where(indexes.c.id == table.c.index_id, table.c.shard < indexes.c.shards)
        for row in c.execute(select(table.c.index_id, table.c.shard).where(~has).distinct()):
            found.setdefault((row.index_id, row.shard), []).append(table.name)
    for (index_id, shard), names in sorted(found.items()):
        keys = {"index_id": index_id, "shard": shard}
        yield Finding(Code.SHARD_STRAY, f"{index_id}/{shard}", f"in {', '.join(names)}", keys)
    has_part = exists().where(segments.c.object == holdings.c.object)
    for row in c.execute(select(holdings).where(~has_part)):
        keys = {"object": row.object, "tenant": row.tenant, "product": row.product_id}
        detail = f"of product {row.product_id!r}: no shard has a part of it"
        yield Finding(Code.HOLDING_STRAY, row.object, detail, keys)
    of_index = exists().where(
        segments.c.object == holdings.c.object,
        indexes.c.id == segments.c.index_id,
        indexes.c.tenant == holdings.c.tenant,
    )
    for row in c.execute(select(holdings).where(has_part, ~of_index)):
        keys = {"object": row.object, "tenant": row.tenant, "product": row.product_id}
        detail = f"of product {row.product_id!r}: it is not of tenant {row.tenant}"
        yield Finding(Code.HOLDING_STRAY, row.object, detail, keys)


def _absent(c: Connection) -> Iterator[Finding]:
    if not groups_seen(c, GROUP_KNOWN_S):
        return  # all is stopped
    seen = groups_seen(c, ABSENT_AFTER_S)
    young = indexes.c.created_at > now() - ABSENT_AFTER_S
    query = (
        select(placements)
        .join(indexes, indexes.c.id == placements.c.index_id)
        .where(indexes.c.state.in_(IN_USE), not_(young), placements.c.group.not_in(seen))
        .order_by(placements.c.index_id, placements.c.shard)
    )
    for row in c.execute(query):
        keys = {"index_id": row.index_id, "shard": row.shard, "group": row.group}
        detail = f"nobody serves group {row.group}"
        yield Finding(Code.PLACEMENT_ABSENT, f"{row.index_id}/{row.shard}", detail, keys)


def _photos(c: Connection) -> Iterator[Finding]:
    of_nobody = and_(images.c.product_id.is_(None), images.c.expires_at.is_(None))
    old = images.c.created_at < now() - SETTLED_S
    for row in c.execute(select(images.c.id, images.c.tenant).where(of_nobody, old)):
        yield Finding(Code.PHOTO_KEPT, row.id, f"of tenant {row.tenant}")
