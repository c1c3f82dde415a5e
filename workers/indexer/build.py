"""Sealing: the keeper asks, the index worker that gets the shard's lease builds, in a thread of its own."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Row, or_, update

from shared.db.engine import now
from shared.db.tables import shards
from shared.errors import TusouError
from shared.telemetry import step
from workers.indexer import snapshot
from workers.indexer.deps import Indexer
from workers.indexer.shards import Held

log = logging.getLogger(__name__)

LEASE_S = 60.0
RENEW_EVERY_S = 15.0


class Builder:
    """`asked` is called with the rows of each poll; one build at a time."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._asked: list[Row[Any]] = []
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="build", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._thread.join(2.0)

    def asked(self, rows: list[Row[Any]]) -> None:
        wanted = [row for row in rows if row.seal_wanted]
        if wanted:
            self._asked = wanted
            self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            for row in self._asked:
                held = self._indexer.shards.get((row.index_id, row.shard))
                if held is None or self._stopped.is_set():
                    continue
                try:
                    self.build(held, row.tenant)
                except Exception:
                    # FAISS raises bare RuntimeErrors; sealing of other shards goes on.
                    log.exception("shard %s/%d could not be sealed", row.index_id, row.shard)
            self._stopped.wait(1.0)

    def build(self, held: Held, tenant: str) -> bool:
        """Seal one shard if its lease can be had; true when a snapshot went live."""
        if not self._lease(held):
            return False
        renewing = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(held, renewing), daemon=True)
        renewer.start()
        try:
            with (
                step("index.seal", index=held.index_id, shard=held.shard) as current,
                tempfile.TemporaryDirectory(dir=self._indexer.cache, prefix="seal-") as folder,
            ):
                with held.writing:  # so that the frozen engine stands exactly at the view's position
                    view, frozen = held.view, held.view.engine.freeze()
                sealed = frozen.seal(Path(folder))
                live = snapshot.store(self._indexer, view, held.index_id, held.shard, tenant, sealed)
                current.note(seq=view.seq, live=live)
                return live
        finally:
            renewing.set()
            renewer.join(1.0)

    def _lease(self, held: Held) -> bool:
        with self._indexer.db.write() as c:
            taken = c.execute(
                update(shards)
                .where(
                    shards.c.index_id == held.index_id,
                    shards.c.shard == held.shard,
                    shards.c.seal_wanted,
                    or_(shards.c.build_lease_until.is_(None), shards.c.build_lease_until < now()),
                )
                .values(build_holder=self._indexer.settings.process, build_lease_until=now() + LEASE_S)
            )
        return taken.rowcount == 1

    def _renew(self, held: Held, done: threading.Event) -> None:
        while not done.wait(RENEW_EVERY_S):
            try:
                with self._indexer.db.write() as c:
                    c.execute(
                        update(shards)
                        .where(
                            shards.c.index_id == held.index_id,
                            shards.c.shard == held.shard,
                            shards.c.build_holder == self._indexer.settings.process,
                        )
                        .values(build_lease_until=now() + LEASE_S)
                    )
            except TusouError as error:
                log.warning("build lease not renewed: %s", error.detail)
