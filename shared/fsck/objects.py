"""Objects and their owner rows: each must have the other, and the bytes must be those recorded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, select

from shared.batched import batched
from shared.db.engine import Database, now
from shared.db.pages import rows_of
from shared.db.tables import objects
from shared.fsck.finding import Code, Finding
from shared.fsck.naming import named
from shared.storage import owners
from shared.storage.fault import fault
from shared.storage.name_lists import NameLists
from shared.storage.names import HOUR_S, has_owner, is_name, named_at, settled_hour, tenant_of
from shared.storage.port import ObjectStore, Stored

AT_ONCE = 8
BATCH = 500
# What is on its way gets its owner row, or its name, well within.
SETTLED_S = HOUR_S


def owned(db: Database, store: ObjectStore, *, quick: bool) -> Iterator[Finding]:
    """Every owner row's object; `quick` compares lengths and reads no bytes."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fsck") as pool:
        for page in owners.pages(db):
            looked = pool.map(lambda item: _look(store, item, quick=quick), page)
            found = [finding for finding in looked if finding is not None]
            with db.read() as c:  # what was removed meanwhile is no fault
                still = owners.owned(c, [finding.subject for finding in found])
            yield from (finding for finding in found if finding.subject in still)


def _look(store: ObjectStore, item: Stored, *, quick: bool) -> Finding | None:
    keys = {"object": item.name}
    if not is_name(item.name):
        return Finding(Code.OBJECT_MISSING, item.name, "no object can be named so", keys)
    size = store.size(item.name)
    if size is None:
        return Finding(Code.OBJECT_MISSING, item.name, "it is not in the store", keys)
    if size != item.length:
        return Finding(Code.OBJECT_LENGTH, item.name, f"{size} bytes, not {item.length}", keys)
    why = None if quick else fault(store, item)
    return Finding(Code.OBJECT_DAMAGED, item.name, why, keys) if why else None


def orphans(db: Database, store: ObjectStore) -> Iterator[Finding]:
    """Objects that no row owns, of hours that are over for long enough that none gets an owner any more."""
    with db.read() as c:
        clock = c.execute(select(now())).scalar_one()
    settled = settled_hour(clock)
    names = (n for n in store.list("") if has_owner(n) and named_at(n) // HOUR_S <= settled)
    for batch in batched(names, BATCH):
        with db.read() as c:
            known = set(c.execute(select(objects.c.name).where(objects.c.name.in_(batch))).scalars())
        for name in batch:
            if name not in known:
                yield Finding(Code.OBJECT_ORPHAN, name, "no row owns it", {"object": name})


def names(db: Database) -> Iterator[Finding]:
    """Names in rows that nobody owns, and owners that nothing names. Of either there may be millions."""
    with NameLists() as lists:
        with db.moment(patient=True) as c:
            clock = c.execute(select(now())).scalar_one()
            lists.add("named", named(c))
            lists.add("owned", _told_owners(c, clock))
        for name, by in lists.only_in("named", "owned"):
            yield Finding(Code.OWNER_MISSING, name, f"{by} names it", {"object": name})
        for name, note in lists.only_in("owned", "named"):
            if note == _FOR_GOOD:
                yield Finding(Code.OWNER_UNNAMED, name, "nothing names it", {"object": name})


_FOR_GOOD, _FOR_NOW = "kept for good", "comes or goes"


def _told_owners(c: Connection, clock: float) -> Iterator[tuple[str, str]]:
    columns = (objects.c.name, objects.c.created_at, objects.c.expires_at, objects.c.removed_at)
    for row in rows_of(c, objects, *columns):
        if row.removed_at is None:
            for_good = row.expires_at is None and row.created_at < clock - SETTLED_S
            yield row.name, _FOR_GOOD if for_good else _FOR_NOW


def tenants(db: Database) -> Iterator[Finding]:
    """An erasure looks for what its tenant's objects are by the owner rows."""
    with db.moment(patient=True) as c:
        for row in rows_of(c, objects, objects.c.name, objects.c.tenant):
            if is_name(row.name) and (of := tenant_of(row.name)) != row.tenant:
                keys = {"object": row.name, "tenant": of}
                yield Finding(Code.OWNER_TENANT, row.name, f"its row says tenant {row.tenant}", keys)
