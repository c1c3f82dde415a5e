"""Asking for snapshots: of shards whose log has grown, or has not been sealed for long."""

from __future__ import annotations

from sqlalchemy import and_, or_, update

from shared.db.engine import now
from shared.db.tables import shards
from workers.keeper.deps import Keeper


def run(keeper: Keeper) -> None:
    settings = keeper.settings
    with keeper.db.write() as c:
        c.execute(
            update(shards)
            .where(
                ~shards.c.seal_wanted,
                or_(
                    shards.c.rows_logged - shards.c.sealed_rows_logged >= settings.seal_rows,
                    shards.c.seq - shards.c.sealed_seq >= settings.seal_entries,
                    # One entry beyond the sealed position is the `sealed` entry itself.
                    and_(
                        shards.c.seq > shards.c.sealed_seq + 1,
                        shards.c.changed_at < now() - settings.seal_after,
                    ),
                ),
            )
            .values(seal_wanted=True)
        )
