"""Sealing: the keeper asks, the index worker that gets the shard's lease seals it, in a thread of its own."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Row, or_, update

from shared.db.engine import now
from shared.db.tables import shards
from shared.kill_points import kill_point
from shared.runtime.loop import Repeating
from shared.telemetry import step
from workers.indexer.deps import Indexer
from workers.indexer.going_live import go_live
from workers.indexer.shards import Held

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LEASE_S = 60.0
RENEW_EVERY_S = 15.0


class Sealer:
    """`asked` is called with the rows of each poll; one shard at a time."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._asked: list[Row[Any]] = []
        self._loop = Repeating("sealing", self.seal_asked, LOOK_EVERY_S)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop(2.0)

    def asked(self, rows: list[Row[Any]]) -> None:
        self._asked = [row for row in rows if row.seal_wanted]

    def seal_asked(self) -> None:
        for row in self._asked:
            held = self._indexer.shards.get((row.index_id, row.shard))
            if held is None or self._loop.ended or held.view.seq < row.renew_seq:
                continue  # not ours, or not far enough yet for what is to be erased
            try:
                self.seal(held, row.tenant)
            except Exception:
                # FAISS raises bare RuntimeErrors; sealing of other shards goes on.
                log.exception("shard %s/%d could not be sealed", row.index_id, row.shard)

    def seal(self, held: Held, tenant: str) -> bool:
        """Seal one shard if its lease can be had; true when a snapshot went live."""
        leased = self._lease(held)
        if leased is None:
            return False
        renewing = Repeating("renew", lambda: self._renew(held), RENEW_EVERY_S)
        renewing.start()
        try:
            # What this engine stands on counts, not what others have sealed: a worker that could not take the
            # purged snapshot up would seal its dead rows anew.
            return self._make_snapshot(held, tenant, purge=held.snapshot_seq < leased.purge_seq)
        finally:
            renewing.stop(1.0)

    def _make_snapshot(self, held: Held, tenant: str, *, purge: bool) -> bool:
        """`purge`: a snapshot made of one before what is to be erased holds no row that is dead."""
        with (
            step("index.seal", index=held.index_id, shard=held.shard) as current,
            tempfile.TemporaryDirectory(dir=self._indexer.cache, prefix="seal-") as folder,
        ):
            with held.writing:  # so that the frozen engine stands exactly at the view's position
                view, rows_logged, frozen = held.view, held.rows_logged, held.view.engine.freeze()
            kill_point("seal.leased")
            sealed = frozen.seal(Path(folder), purge=purge)
            kill_point("seal.built")
            live = go_live(self._indexer, held.key, tenant, view, rows_logged, sealed)
            current.note(seq=view.seq, live=live)
            return live

    def _lease(self, held: Held) -> Row[Any] | None:
        with self._indexer.db.write() as c:
            return c.execute(
                update(shards)
                .where(
                    shards.c.index_id == held.index_id,
                    shards.c.shard == held.shard,
                    shards.c.seal_wanted,
                    or_(shards.c.seal_lease_until.is_(None), shards.c.seal_lease_until < now()),
                )
                .values(seal_holder=self._indexer.settings.process, seal_lease_until=now() + LEASE_S)
                .returning(shards.c.purge_seq)
            ).one_or_none()

    def _renew(self, held: Held) -> None:
        with self._indexer.db.write() as c:
            c.execute(
                update(shards)
                .where(
                    shards.c.index_id == held.index_id,
                    shards.c.shard == held.shard,
                    shards.c.seal_holder == self._indexer.settings.process,
                )
                .values(seal_lease_until=now() + LEASE_S)
            )
