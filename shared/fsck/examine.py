"""The whole of it: SQL, objects and index, each beside the others. It may run beside a live deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.db.engine import Database
from shared.erasure.erased_list import Erased
from shared.fsck import catalogue, erased, index, objects, products, work
from shared.fsck.finding import UNREADABLE, Code, Finding
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
    found = [*objects.names(db)]
    tell("objects")
    found += objects.owned(db, store, quick=quick)
    damaged = {finding.subject for finding in found if finding.code in UNREADABLE}
    found += objects.orphans(db, store)
    found += objects.tenants(db)
    tell("catalogs, products and jobs")
    found += catalogue.check(db)
    found += products.check(db)
    found += work.check(db)
    tell("shards")
    of_shards = list(index.check(db, store, quick=quick, damaged=damaged, again_after=again_after))
    found += (finding for finding in of_shards if finding.code is not Code.ERASED_LEFT)
    if not quick:
        tell("what was erased")
        left = [finding for finding in of_shards if finding.code is Code.ERASED_LEFT]
        found += erased.check(db, listed, left)
    return list(dict.fromkeys(found))
