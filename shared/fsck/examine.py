"""The whole of it: SQL, objects and index, each beside the others. It may run beside a live deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.db.engine import Database
from shared.erasure.erased_list import Erased
from shared.fsck import catalogue, erased, index, objects, products, work
from shared.fsck.finding import UNREADABLE, Code, Finding, guarded
from shared.storage.port import ObjectStore


def examine(
    db: Database,
    store: ObjectStore,
    *,
    listed: Iterable[Erased] = (),
    quick: bool = False,
    again_after: float = index.LOOK_AGAIN_AFTER_S,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """Every inconsistency; `quick` reads no bytes of objects; `listed` was erased. Raises Unavailable."""
    tell("owners of objects")
    found = [*guarded("owners of objects", objects.names(db))]
    tell("objects")
    found += guarded("objects", objects.owned(db, store, quick=quick))
    damaged = {finding.subject for finding in found if finding.code in UNREADABLE}
    found += guarded("objects of nobody", objects.orphans(db, store))
    found += guarded("tenants of objects", objects.tenants(db))
    tell("catalogs, products and jobs")
    found += guarded("catalogs", catalogue.check(db))
    found += guarded("products", products.check(db))
    found += guarded("jobs", work.check(db))
    tell("shards")
    of_shards = list(index.check(db, store, quick=quick, damaged=damaged, again_after=again_after))
    found += (finding for finding in of_shards if finding.code is not Code.ERASED_LEFT)
    if not quick:
        tell("what was erased")
        left = [finding for finding in of_shards if finding.code is Code.ERASED_LEFT]
        found += guarded("what was erased", erased.check(db, listed, left))
    return list(dict.fromkeys(found))
