"""Saying every two seconds that this replica is there, and how each of its group's shards stands."""

from __future__ import annotations

import contextlib
from typing import Any

from sqlalchemy import delete

from shared.db.engine import now
from shared.db.tables import replicas
from shared.errors import Unavailable
from shared.runtime.loop import Repeating
from workers.indexer.deps import Indexer

SEEN_EVERY_S = 2.0


class Replica:
    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._loop = Repeating("replica", self.tell, SEEN_EVERY_S)

    def start(self) -> None:
        """Raises Unavailable."""
        self.tell()
        self._loop.start()

    def stop(self) -> None:
        """Senders stop asking us at once."""
        self._loop.stop(SEEN_EVERY_S)
        with contextlib.suppress(Unavailable), self._indexer.db.write() as c:
            c.execute(delete(replicas).where(replicas.c.process == self._indexer.settings.process))

    def tell(self) -> None:
        indexer = self._indexer
        seen = {"group": indexer.settings.group, "state": self._state(), "seen_at": now()}
        with indexer.db.write() as c:
            c.execute(
                indexer.db.insert(replicas)
                .values(process=indexer.settings.process, **seen)
                .on_conflict_do_update(index_elements=["process"], set_=seen)
            )

    def _state(self) -> dict[str, dict[str, Any]]:
        """{"index/shard": …}: what is served; `broken` tells why a shard is not, or not to its log's end."""
        state: dict[str, dict[str, Any]] = {
            f"{held.index_id}/{held.shard}": {
                "seq": held.view.seq,
                "snapshot_seq": held.snapshot_seq,
                **held.view.engine.stats(),
            }
            for held in self._indexer.shards.all()
        }
        for (index_id, shard), reason in self._indexer.broken.reasons().items():
            state.setdefault(f"{index_id}/{shard}", {})["broken"] = reason
        return state
