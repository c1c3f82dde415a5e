"""The hourly sweep: what no owner row names is deleted, almost an hour after the hour in its name has ended.

An hour is ticked off only when finished.
"""

from __future__ import annotations

import time

from sqlalchemy import select

from shared.batched import batched
from shared.db.engine import now
from shared.db.tables import objects, swept_hours
from shared.kill_points import kill_point
from shared.storage.names import HOUR_S, KINDS, UNOWNED, hour_prefix, settled_hour
from shared.telemetry import step
from workers.keeper.deps import Keeper
from workers.keeper.rounds.batches import delete_old

# After a longer rest of every keeper, `fsck` finds what these hours left.
LOOK_BACK_HOURS = 48
NAMES_AT_ONCE = 500


def run(keeper: Keeper) -> None:
    with keeper.db.read() as c:
        clock = c.execute(select(now())).scalar_one()
        done = set(c.execute(select(swept_hours.c.hour)).scalars())
    newest = settled_hour(clock)
    hours = [_name(number) for number in range(newest - LOOK_BACK_HOURS + 1, newest + 1)]
    for hour in hours:
        if hour not in done:
            sweep_hour(keeper, hour)
    delete_old(keeper.db, swept_hours, swept_hours.c.hour < hours[0])  # nobody looks back so far


def _name(number: int) -> str:
    return time.strftime("%Y%m%d%H", time.gmtime(number * HOUR_S))


def sweep_hour(keeper: Keeper, hour: str) -> int:
    """Delete the hour's objects that have no owner; returns how many."""
    deleted = 0
    with step("keeper.sweep", hour=hour) as current:
        for kind in KINDS:
            if kind in UNOWNED:
                continue
            for names in batched(keeper.store.list(hour_prefix(kind, hour)), NAMES_AT_ONCE):
                with keeper.db.read() as c:
                    owned = set(c.execute(select(objects.c.name).where(objects.c.name.in_(names))).scalars())
                kill_point("sweep.listed")
                for name in names:
                    if name not in owned:
                        keeper.store.delete(name)
                        deleted += 1
                        kill_point("sweep.orphan_gone")
        kill_point("sweep.hour_clean")
        with keeper.db.write() as c:
            c.execute(
                keeper.db.insert(swept_hours)
                .values(hour=hour)
                .on_conflict_do_nothing(index_elements=["hour"])
            )
        kill_point("sweep.hour_ticked")
        current.note(deleted=deleted)
    return deleted
