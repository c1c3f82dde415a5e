"""Saying every two seconds that this replica has its group's shards loaded."""

from __future__ import annotations

import contextlib
import logging
import threading

from sqlalchemy import delete

from shared.db.engine import now
from shared.db.tables import replicas
from shared.errors import Unavailable
from workers.indexer.deps import Indexer

log = logging.getLogger(__name__)

SEEN_EVERY_S = 2.0


class Replica:
    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)

    def start(self) -> None:
        self.tell()
        self._thread.start()

    def stop(self) -> None:
        """Senders stop asking us at once."""
        self._stopped.set()
        self._thread.join(SEEN_EVERY_S)
        with contextlib.suppress(Unavailable), self._indexer.db.write() as c:
            c.execute(delete(replicas).where(replicas.c.process == self._indexer.settings.process))

    def tell(self) -> None:
        indexer = self._indexer
        state = {
            f"{h.index_id}/{h.shard}": {"seq": h.view.seq, **h.view.engine.stats()}
            for h in indexer.shards.all()
        }
        seen = {"group": indexer.settings.group, "state": state, "seen_at": now()}
        with indexer.db.write() as c:
            c.execute(
                indexer.db.insert(replicas)
                .values(process=indexer.settings.process, **seen)
                .on_conflict_do_update(index_elements=["process"], set_=seen)
            )

    def _run(self) -> None:
        while not self._stopped.wait(SEEN_EVERY_S):
            try:
                self.tell()
            except Unavailable as error:
                log.warning("not seen: %s", error.detail)
            except Exception:
                # Silence for ever would take the whole group out of every search.
                log.exception("not seen")
