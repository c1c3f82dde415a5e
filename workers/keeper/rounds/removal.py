"""Removing marked objects: the object first, then its owner row.

One that cannot be deleted comes last in the next round, and holds up no other.
"""

from __future__ import annotations

import logging

from sqlalchemy import delete, func, select, update

from shared.db.engine import now
from shared.db.tables import objects
from shared.kill_points import kill_point
from shared.telemetry import step
from workers.keeper.deps import Keeper
from workers.keeper.rounds.batches import BATCHES_A_ROUND

log = logging.getLogger(__name__)

AT_ONCE = 200
# More of them mean that the store is away; each may take as long as a request to it may.
FAILURES_A_ROUND = 10


def run(keeper: Keeper) -> None:
    with keeper.db.read() as c:
        began = c.execute(select(now())).scalar_one()
    names = _oldest(keeper, began)
    if not names:
        return
    with step("keeper.removal") as current:
        removed = failed = 0
        for _ in range(BATCHES_A_ROUND):
            gone, kept = _delete(keeper, names, FAILURES_A_ROUND - failed)
            removed, failed = removed + len(gone), failed + len(kept)
            current.note(removed=removed, failed=failed)
            if failed == FAILURES_A_ROUND or not (names := _oldest(keeper, began)):
                break


def _oldest(keeper: Keeper, until: float) -> list[str]:
    """Names that were marked up to then, and not tried since: what fails is left to the next round."""
    since = func.coalesce(objects.c.tried_at, objects.c.removed_at)
    query = select(objects.c.name).where(objects.c.removed_at <= until, since <= until).order_by(since)
    with keeper.db.read() as c:
        return list(c.execute(query.limit(AT_ONCE)).scalars())


def _delete(keeper: Keeper, names: list[str], failures: int) -> tuple[list[str], list[str]]:
    """Those that are gone and those that are not; it ends early after so many failures."""
    gone: list[str] = []
    kept: list[str] = []
    for name in names:
        try:
            keeper.store.delete(name)
        except Exception as error:
            log.warning("object %s is not removed yet: %s", name, error)
            kept.append(name)
            if len(kept) == failures:
                break
        else:
            gone.append(name)
            kill_point("remove.object_gone")
    with keeper.db.write() as c:
        c.execute(delete(objects).where(objects.c.name.in_(gone), objects.c.removed_at.is_not(None)))
        c.execute(update(objects).where(objects.c.name.in_(kept)).values(tried_at=now()))
        kill_point("remove.rows_written")
    kill_point("remove.committed")
    return gone, kept
