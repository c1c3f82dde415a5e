"""Removing marked objects: the object first, then its owner row."""

from __future__ import annotations

from sqlalchemy import delete, select

from shared.db.tables import objects
from shared.telemetry import step
from workers.keeper.deps import Keeper

AT_ONCE = 200


def run(keeper: Keeper) -> None:
    with keeper.db.read() as c:
        query = select(objects.c.name).where(objects.c.removed_at.is_not(None)).order_by(objects.c.removed_at)
        names = list(c.execute(query.limit(AT_ONCE)).scalars())
    if not names:
        return
    with step("keeper.removal", objects=len(names)):
        for name in names:
            keeper.store.delete(name)
        with keeper.db.write() as c:
            c.execute(delete(objects).where(objects.c.name.in_(names), objects.c.removed_at.is_not(None)))
