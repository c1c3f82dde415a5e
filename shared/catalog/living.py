"""The living products of a shard: for whoever makes it again from SQL, and whoever holds it against SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from shared.db.tables import products
from shared.index.placement import shard_of

PRODUCTS_AT_ONCE = 1000


def products_of(c: Connection, index: Row[Any], shard: int) -> Iterator[list[Row[Any]]]:
    """Their ids and attributes, some at a time. `c` is that of one moment."""
    query: Select[Any] = (
        select(products.c.id, products.c.attributes)
        .where(
            products.c.tenant == index.tenant,
            products.c.catalog == index.catalog,
            products.c.deleted_no.is_(None),
        )
        .order_by(products.c.id)
        .limit(PRODUCTS_AT_ONCE)
    )
    page = c.execute(query).all()
    while page:
        yield [row for row in page if shard_of(row.id, index.shards) == shard]
        page = c.execute(query.where(products.c.id > page[-1].id)).all()
