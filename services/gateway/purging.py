"""Emptying a catalog: tombstones in batches, so that no transaction holds many locks for long."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from shared.catalog.writes import bury
from shared.db.engine import Database
from shared.db.tables import products
from shared.index import log
from shared.index.placement import shard_of

BATCH = 500


def purge_batch(db: Database, index: Row[Any], accept_no: int) -> int:
    """Delete up to BATCH products that were last written before `accept_no`; how many it were."""
    with db.write() as c:
        older = (
            select(products.c.id)
            .where(
                products.c.tenant == index.tenant,
                products.c.catalog == index.catalog,
                products.c.deleted_no.is_(None),
                products.c.accepted_no < accept_no,
            )
            .order_by(products.c.id)
            .limit(BATCH)
            .with_for_update()
        )
        ids = list(c.execute(older).scalars())
        bury(c, index.tenant, ids, accept_no)
        by_shard: dict[int, list[str]] = {}
        for product_id in ids:
            by_shard.setdefault(shard_of(product_id, index.shards), []).append(product_id)
        log.append(
            c, index.id, {s: [log.Entry(log.DELETE, {"products": ids})] for s, ids in by_shard.items()}
        )
    return len(ids)
