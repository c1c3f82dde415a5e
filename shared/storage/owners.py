"""Owner rows: each object has one, which holds its hash and length. What has none is swept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from shared.batched import batched
from shared.db.engine import Database, now
from shared.db.tables import objects
from shared.errors import ObjectMissing, Unavailable
from shared.storage.names import named_at
from shared.storage.port import ObjectStore, Stored

# An hour's prefix is swept an hour after its end; a row that commits within ten minutes of its
# object's name is there long before.
OWN_WITHIN_S = 600
_AT_ONCE: Final = 1_000  # names in one statement

_CLOCK = select(now())
_OWN = insert(objects)
_FIND = select(objects).where(objects.c.name == bindparam("wanted"), objects.c.removed_at.is_(None))
_REMOVE = (
    update(objects).where(objects.c.name.in_(bindparam("names", expanding=True))).values(removed_at=now())
)


def own(c: Connection, tenant: str, stored: Iterable[Stored], *, keep_for: float | None = None) -> None:
    """Give objects their owner rows. Raises Unavailable when a name is too old for its row to commit."""
    rows = list(stored)
    if not rows:
        return
    clock = c.execute(_CLOCK).scalar_one()
    for item in rows:
        if clock > named_at(item.name) + OWN_WITHIN_S:
            raise Unavailable(f"object {item.name} was stored too long ago to be owned; do it again")
    c.execute(
        _OWN,
        [
            {
                "name": item.name,
                "tenant": tenant,
                "sha256": item.sha256,
                "length": item.length,
                "created_at": clock,
                "expires_at": clock + keep_for if keep_for is not None else None,
            }
            for item in rows
        ],
    )


def keep(c: Connection, names: Iterable[str]) -> None:
    """Objects that were owned for a time are kept for good. Raises Unavailable when one has gone."""
    wanted = set(names)
    if not wanted:
        return
    here = (objects.c.name.in_(wanted), objects.c.removed_at.is_(None))
    if c.execute(update(objects).where(*here).values(expires_at=None)).rowcount != len(wanted):
        raise Unavailable("objects of this work have expired; do it again")


def remove(c: Connection, names: Iterable[str | None]) -> None:
    """Mark objects; a keeper deletes the object first and the row after."""
    marked = sorted({name for name in names if name})
    if marked:
        c.execute(_REMOVE, {"names": marked})


def find(c: Connection, name: str) -> Stored:
    """Raises ObjectMissing for what has no owner or is marked."""
    row = c.execute(_FIND, {"wanted": name}).one_or_none()
    if row is None:
        raise ObjectMissing(f"object {name} is gone")
    return Stored(row.name, row.sha256, row.length)


def find_all(c: Connection, names: Iterable[str]) -> dict[str, Stored]:
    """{name: what its row says} of those that have an owner, and are not marked."""
    found: dict[str, Stored] = {}
    for some in batched(names, _AT_ONCE):
        query = select(objects).where(objects.c.name.in_(some), objects.c.removed_at.is_(None))
        found |= {row.name: Stored(row.name, row.sha256, row.length) for row in c.execute(query)}
    return found


def owned(c: Connection, names: Iterable[str]) -> set[str]:
    """Those of `names` that have an owner, and are not marked."""
    return set(find_all(c, names))


def pages(db: Database) -> Iterator[list[Stored]]:
    """All that has an owner and is not marked, in order of names; each page is of a moment of its own."""
    # Whether it is marked is not asked for in SQL: see shared/db/pages.py.
    columns = (objects.c.name, objects.c.sha256, objects.c.length, objects.c.removed_at)
    query = select(*columns).order_by(objects.c.name).limit(_AT_ONCE)
    after = ""
    while True:
        with db.read() as c:
            page = c.execute(query.where(objects.c.name > after)).all()
        if not page:
            return
        yield [Stored(row.name, row.sha256, row.length) for row in page if row.removed_at is None]
        after = page[-1].name


def read(c: Connection, store: ObjectStore, name: str) -> bytes:
    """The object's bytes, verified against its owner row."""
    owner = find(c, name)
    return store.get(owner.name, sha256=owner.sha256, length=owner.length)
