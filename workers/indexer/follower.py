"""The follower: one query for all shards of the group, every 100 ms; applies what waits, in order.

An entry is applied only if its chain follows from ours. On a mismatch, a gap, or when the database's
end of the log is not on our path (restored, failed over), the shard is dropped and loaded again.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Row, select

from shared.db.engine import now
from shared.db.tables import indexes, placements, shards
from shared.db.tables import log as entries
from shared.errors import TusouError, Unavailable
from shared.index.log import FIRST_CHAIN, SEALED, Entry, next_chain
from shared.telemetry import SHARD_LAG, SHARD_ROWS, step
from workers.indexer import snapshot
from workers.indexer.changes import changes_of
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import Change
from workers.indexer.shards import Held, Key, View

log = logging.getLogger(__name__)

# A view is swapped at most every 50 ms; what arrives meanwhile is applied together.
MIN_PAUSE_S = 0.05
ENTRIES_AT_ONCE = 200
FOLLOWS_S = 5.0


class OffPath(Exception):
    """The shard's log is not the one that this view was built from."""


class Follower:
    """`start` returns when every shard of the group is loaded; then a thread follows until `stop`."""

    def __init__(self, indexer: Indexer, on_poll: Callable[[list[Row[Any]]], None] = lambda _: None) -> None:
        self._indexer = indexer
        self._on_poll = on_poll
        self._pool = ThreadPoolExecutor(indexer.settings.apply_threads, thread_name_prefix="apply")
        self._busy: dict[Key, Future[None]] = {}
        self._polled_at = -math.inf
        self._nudged = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Raises Unavailable, or what the loading of a shard raised."""
        for future in self.poll():
            future.result()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._nudged.set()
        self._thread.join(5.0)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def follows(self) -> bool:
        """Whether the log was read a moment ago; false when the database is away."""
        return time.monotonic() - self._polled_at < FOLLOWS_S

    def nudge(self, _index_id: str = "") -> None:
        """A hint from Redis that a log grew."""
        self._nudged.set()

    def poll(self) -> list[Future[None]]:
        """One round: see where every log stands, and set to work on the shards that are behind."""
        rows = self._ends()
        self._polled_at = time.monotonic()
        wanted = {(row.index_id, row.shard) for row in rows}
        for held in self._indexer.shards.all():
            if held.key not in wanted:
                self._indexer.shards.drop(held.key)
        started = []
        for row in rows:
            key = (row.index_id, row.shard)
            ours = self._indexer.shards.get(key)
            if ours is not None and (ours.view.seq, ours.view.chain) == (row.seq, row.chain):
                ours.current_at = row.clock
                continue
            SHARD_LAG.labels(*key).set(row.seq - ours.view.seq if ours is not None else row.seq)
            running = self._busy.get(key)
            if running is None or running.done():
                self._busy[key] = self._pool.submit(self._catch_up, row)
                started.append(self._busy[key])
        self._on_poll(rows)
        return started

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._nudged.wait(self._indexer.settings.follow_every)
            self._nudged.clear()
            try:
                self.poll()
            except Unavailable as error:
                log.warning("cannot follow: %s", error.detail)
            except Exception:
                log.exception("follower stumbled")
            self._stopped.wait(MIN_PAUSE_S)

    def _ends(self) -> list[Row[Any]]:
        query = (
            select(shards, indexes.c.fingerprint, indexes.c.dim, indexes.c.tenant, now().label("clock"))
            .join(
                placements,
                (placements.c.index_id == shards.c.index_id) & (placements.c.shard == shards.c.shard),
            )
            .join(indexes, indexes.c.id == shards.c.index_id)
            .where(
                placements.c.group == self._indexer.settings.group,
                indexes.c.state.in_(("building", "live")),
            )
        )
        with self._indexer.db.read() as c:
            return list(c.execute(query))

    def _catch_up(self, row: Row[Any]) -> None:
        """Bring one shard to where the log stood at the poll. Its future keeps others from doing it too."""
        key = (row.index_id, row.shard)
        try:
            held = self._indexer.shards.get(key)
            if held is None:
                held = self._load(row)
            with held.writing:
                self._apply(held, row)
            self._indexer.shards.put(held)
            held.current_at = row.clock
        except OffPath as error:
            log.error("shard %s/%d is dropped and loaded again: %s", *key, error)
            self._indexer.shards.drop(key)
            self._nudged.set()
        except (TusouError, OSError) as error:
            log.error("shard %s/%d cannot follow: %s", *key, error)
            if not self._thread.is_alive() and not self._stopped.is_set():
                raise
        except Exception:  # whatever was applied half is not searched again
            log.exception("shard %s/%d is dropped and loaded again", *key)
            self._indexer.shards.drop(key)

    def _load(self, row: Row[Any]) -> Held:
        indexer = self._indexer
        with step("index.load", index=row.index_id, shard=row.shard) as current:
            view = snapshot.newest_good(indexer, row.index_id, row.shard, row.fingerprint)
            if view is None:
                if row.trimmed_to > 0:
                    raise OffPath("no snapshot of it is good, and its log was trimmed")
                view = View(indexer.engines.open(row.dim, row.fingerprint), 0, FIRST_CHAIN)
            current.note(rows=view.engine.rows(), seq=view.seq)
        return Held(row.index_id, row.shard, row.fingerprint, row.dim, view, current_at=0.0)

    def _apply(self, held: Held, row: Row[Any]) -> None:
        if row.seq < held.view.seq:
            raise OffPath(f"the log ends at {row.seq}, we are at {held.view.seq}")
        if row.seq == held.view.seq and row.chain != held.view.chain:
            raise OffPath(f"the chain at {row.seq} is {row.chain}, ours is {held.view.chain}")
        while held.view.seq < row.seq:
            self._apply_some(held, row)
        SHARD_ROWS.labels(held.index_id, held.shard, "all").set(held.view.engine.rows())
        SHARD_LAG.labels(held.index_id, held.shard).set(0)

    def _apply_some(self, held: Held, row: Row[Any]) -> None:
        view = held.view
        query = (
            select(entries)
            .where(
                entries.c.index_id == held.index_id, entries.c.shard == held.shard, entries.c.seq > view.seq
            )
            .order_by(entries.c.seq)
            .limit(ENTRIES_AT_ONCE)
        )
        with self._indexer.db.read() as c:
            found = list(c.execute(query))
        if not found:
            raise OffPath(f"no entry after {view.seq}, and the log ends at {row.seq}")
        seq, chain = view.seq, view.chain
        waiting: list[Change] = []
        for entry in found:
            digest = Entry(entry.kind, entry.body, entry.inline).digest()
            if entry.seq != seq + 1 or digest != entry.digest or next_chain(chain, digest) != entry.chain:
                raise OffPath(f"entry {entry.seq} does not follow {seq}/{chain}")
            seq, chain = entry.seq, entry.chain
            if entry.kind == SEALED:
                continue
            waiting += changes_of(entry, self._indexer.store, fingerprint=held.fingerprint, dim=held.dim)
        with step("index.apply", index=held.index_id, shard=held.shard, entries=len(found), seq=seq):
            view.engine.apply(waiting)
        self._indexer.shards.publish(held, View(view.engine, seq, chain))
        sealed = [entry for entry in found if entry.kind == SEALED]
        if sealed:
            self._take_up(held, sealed[-1])

    def _take_up(self, held: Held, entry: Row[Any]) -> None:
        """Every replica goes over to the same snapshot, with the entries since it applied once more."""
        indexer = self._indexer
        with step("index.take_up", index=held.index_id, shard=held.shard, snapshot=entry.body["snapshot"]):
            newest = snapshot.newest_good(indexer, held.index_id, held.shard, held.fingerprint)
            if newest is None:
                return
            query = (
                select(entries)
                .where(
                    entries.c.index_id == held.index_id,
                    entries.c.shard == held.shard,
                    entries.c.seq > newest.seq,
                    entries.c.seq <= held.view.seq,
                )
                .order_by(entries.c.seq)
            )
            with indexer.db.read() as c:
                since = list(c.execute(query))
            for later in since:
                if later.kind != SEALED:
                    newest.engine.apply(
                        changes_of(later, indexer.store, fingerprint=held.fingerprint, dim=held.dim)
                    )
            indexer.shards.publish(held, View(newest.engine, held.view.seq, held.view.chain))
            snapshot.tidy(indexer, held.index_id, held.shard)
