"""Leased rows of `rounds`: whose turn something is, by the database's clock."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_

from shared.db.engine import Database, now
from shared.db.tables import rounds

# Turns that somebody outside of a keeper takes or looks at; the others are named where the round is.
REDISPATCH: Final = "redispatch"
REMOVAL: Final = "removal"


def take(db: Database, name: str, holder: str, *, seconds: float, by_force: bool = False) -> bool:
    """Take a turn or keep it for so long; whether it is the holder's then. `by_force`: from anybody."""
    values = {"holder": holder, "lease_until": now() + seconds}
    free = or_(rounds.c.lease_until < now(), rounds.c.holder == holder)
    with db.write() as c:
        taken = c.execute(
            db.insert(rounds)
            .values(name=name, **values)
            .on_conflict_do_update(index_elements=["name"], set_=values, where=None if by_force else free)
            .returning(rounds.c.name)
        )
        return taken.one_or_none() is not None
