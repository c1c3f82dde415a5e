"""The whole of it: SQL, objects and index, each beside the others. It may run beside a live deployment."""

from __future__ import annotations

from collections.abc import Callable

from shared.db.engine import Database
from shared.fsck import catalogue, index, objects, work
from shared.fsck.finding import UNREADABLE, Finding
from shared.storage.port import ObjectStore


def examine(
    db: Database,
    store: ObjectStore,
    *,
    quick: bool = False,
    again_after: float = index.LOOK_AGAIN_AFTER_S,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """Every inconsistency; `quick` reads no bytes of objects. Raises Unavailable."""
    tell("owners of objects")
    found = [*objects.names(db)]
    tell("objects")
    found += objects.owned(db, store, quick=quick)
    damaged = {finding.subject for finding in found if finding.code in UNREADABLE}
    found += objects.orphans(db, store)
    tell("catalogs and jobs")
    found += catalogue.check(db)
    found += work.check(db)
    tell("shards")
    found += index.check(db, store, quick=quick, damaged=damaged, again_after=again_after)
    return list(dict.fromkeys(found))
