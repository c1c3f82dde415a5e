"""Asking for snapshots: of shards whose log has grown, has not been sealed for long, or is to be erased."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, or_, select, update

from shared.db.engine import now
from shared.db.tables import shards
from shared.kill_points import kill_point
from shared.settings import Settings
from workers.keeper.deps import Keeper


def run(keeper: Keeper) -> None:
    """Each shard in a transaction of its own: whoever appends holds several of these rows at once, and one
    that waits for a row holding no other can be in nobody's way."""
    erasing = shards.c.trimmed_to < shards.c.renew_seq
    due = and_(~shards.c.seal_wanted, or_(erasing, _grown(keeper.settings)))
    with keeper.db.read() as c:
        found = c.execute(
            select(shards.c.index_id, shards.c.shard).where(due).order_by(shards.c.index_id, shards.c.shard)
        ).all()
    for index_id, shard in found:
        with keeper.db.write() as c:
            c.execute(
                update(shards)
                .where(shards.c.index_id == index_id, shards.c.shard == shard, due)
                .values(seal_wanted=True)
            )
        kill_point("ask_snapshot.committed")


def _grown(settings: Settings) -> ColumnElement[bool]:
    """Enough rows or entries since the newest snapshot, or some entries and then none for `seal_after`."""
    # The entry `sealed` that announced the snapshot is beyond its position, and nothing new.
    announced = case((shards.c.sealed_seq > 0, 1), else_=0)
    entries = shards.c.seq - shards.c.sealed_seq - announced
    return or_(
        shards.c.rows_logged - shards.c.sealed_rows_logged >= settings.seal_rows,
        entries >= settings.seal_entries,
        and_(entries > 0, shards.c.changed_at < now() - settings.seal_after),
    )
