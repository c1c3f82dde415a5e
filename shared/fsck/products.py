"""Products by themselves: whether they live or not, and the numbers under which they were accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Row, func, select

from shared.db.engine import Database
from shared.db.pages import rows_of
from shared.db.tables import catalogs, counters, erasures, idempotency, images, jobs, products
from shared.fsck.finding import Code, Finding

# Every place that remembers under which number something was accepted.
NUMBERED: tuple[Column[Any], ...] = (
    products.c.accepted_no,
    products.c.deleted_no,
    images.c.accept_no,
    jobs.c.accept_no,
    catalogs.c.replaced_no,
    erasures.c.accept_no,
    idempotency.c.accept_no,
)


def check(db: Database) -> Iterator[Finding]:
    with db.moment(patient=True) as c:
        yield from _counter(c)
        for row in rows_of(c, products):
            if why := "; ".join(wrong(row)):
                keys = {"tenant": row.tenant, "product": row.id}
                yield Finding(Code.PRODUCT_IMPOSSIBLE, f"{row.tenant}/{row.id}", why, keys)


def _counter(c: Connection) -> Iterator[Finding]:
    value = c.execute(select(counters.c.value).where(counters.c.name == "accept")).scalar() or 0
    if (newest := newest_no(c)) > value:
        yield Finding(Code.COUNTER_BEHIND, "accept", f"it is at {value}, and {newest} was given out")


def newest_no(c: Connection) -> int:
    """The greatest number that anything was accepted under."""
    return max(c.execute(select(func.max(column))).scalar() or 0 for column in NUMBERED)


def wrong(row: Row[Any]) -> Iterator[str]:
    if not readable(row):
        yield "its attributes, or the numbers of what touched them, cannot be read"
        return
    deleted = row.deleted_no is not None
    if deleted != (row.deleted_at is not None):
        yield "it has the number of a delete and no time of it, or a time and no number"
    if deleted and row.attributes:
        yield f"it is deleted and has {', '.join(sorted(row.attributes))}"
    if (newest := touched_no(row)) > row.accepted_no:
        yield f"{newest} touched it, and {row.accepted_no} is said to be the last"


def readable(row: Row[Any]) -> bool:
    numbers = [*row.orders.values(), row.images_order] if isinstance(row.orders, dict) else [None]
    return isinstance(row.attributes, dict) and all(isinstance(n, list) and len(n) == 2 for n in numbers)


def touched_no(row: Row[Any]) -> int:
    """The greatest number that stands in the row of a product."""
    orders = [*row.orders.values(), row.images_order]
    return max(int(row.deleted_no or 0), *(int(order[0]) for order in orders))
