"""The time of searches in the index stage: hedge, finish with what is there, end what is too late."""

from __future__ import annotations

from shared.answer.deadlines import keep_time
from workers.keeper.deps import Keeper


def run(keeper: Keeper) -> None:
    seen = keeper.settings.replica_seen
    keep_time(keeper.db, keeper.finisher, keeper.dispatcher, replica_seen=seen)
