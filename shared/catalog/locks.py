"""The locks of catalogue writes, and the one order in which every transaction takes them.

1. the request's idempotency key
2. the job, then its chunks
3. the catalog: shared by what may bring a product to life, alone by a replace or a purge
4. products, by id
5. the counter of accept numbers
6. shards, by (index, shard)

Whoever needs several takes them in this order and leaves out what it does not need; two writers then
wait for each other, and never in a circle. The counter stands late because the whole deployment
shares it: nobody waits for another's product while holding it. A number taken under the product's
lock is greater than every number that has touched the product, and as the counter is held until the
commit, numbers are committed in their order. Images and owners of objects have no place of their
own: they are changed under the lock of the job or the product that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from shared.db.engine import Database
from shared.db.tables import catalogs, counters, products


def share_catalog(c: Connection, tenant: str, name: str) -> int:
    """Keep a replace or purge from beginning; returns the catalog's `replaced_no`."""
    mine = (catalogs.c.tenant == tenant, catalogs.c.name == name)
    query = select(catalogs.c.replaced_no).where(*mine).with_for_update(read=True)
    return int(c.execute(query).scalar_one())


def lock_products(c: Connection, tenant: str, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows among these ids, tombstones too, locked in order of id."""
    query = (
        select(products)
        .where(products.c.tenant == tenant, products.c.id.in_(tuple(ids)))
        .order_by(products.c.id)
        .with_for_update()
    )
    return {row.id: row for row in c.execute(query)}


def next_accept_no(c: Connection, db: Database) -> int:
    """One increasing number; its row's lock makes the order of numbers the order of commits."""
    taken = (
        db.insert(counters)
        .values(name="accept", value=1)
        .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
        .returning(counters.c.value)
    )
    return int(c.execute(taken).scalar_one())
