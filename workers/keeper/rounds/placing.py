"""Shards that were placed while no index worker was there go to a group that somebody serves."""

from __future__ import annotations

import logging

from shared.index.placement import move_unserved
from shared.kill_points import kill_point
from workers.keeper.deps import Keeper

log = logging.getLogger(__name__)


def run(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        moved = move_unserved(c)
        if moved:
            kill_point("place.written")
    if moved:
        log.info("shards went to groups that are served", extra={"shards": moved})
