"""The follower: one query for all shards of the group, every 100 ms, sets to work on those that are behind.

A shard that cannot be loaded or followed waits by itself (`broken`); the others are served meanwhile.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Row, select

from shared.db.engine import now
from shared.db.tables import indexes, placements, shards
from shared.errors import TusouError, Unavailable
from shared.index.state import IndexState
from shared.runtime.loop import Repeating
from shared.telemetry import SHARD_LAG
from shared.vectors.codec import CorruptBlock
from workers.indexer.broken import LONGEST_WAIT_S
from workers.indexer.catch_up import catch_up
from workers.indexer.deps import Indexer
from workers.indexer.path import OffPath
from workers.indexer.shards import Key

log = logging.getLogger(__name__)

# A view is swapped at most every 50 ms; what arrives meanwhile is applied together.
MIN_PAUSE_S = 0.05
FOLLOWS_S = 5.0
# A store that is back is noticed so soon; what is lost or damaged is looked at less and less often.
AWAY_WAIT_S = 2.0


class Follower:
    """`start` returns when every shard of the group was tried; then a thread follows until `stop`."""

    def __init__(self, indexer: Indexer, on_poll: Callable[[list[Row[Any]]], None] = lambda _: None) -> None:
        self._indexer = indexer
        self._on_poll = on_poll
        self._pool = ThreadPoolExecutor(indexer.settings.apply_threads, thread_name_prefix="apply")
        self._busy: dict[Key, Future[None]] = {}
        self._polled_at = -math.inf
        self._loop = Repeating("follower", self.poll, indexer.settings.follow_every, rest=MIN_PAUSE_S)

    def start(self) -> None:
        """Raises Unavailable: database and object store must be there. A broken shard is tried later."""
        for future in self.poll():
            future.result()
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop(5.0)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def follows(self) -> bool:
        """Whether the log was read a moment ago; false when the database is away."""
        return time.monotonic() - self._polled_at < FOLLOWS_S

    def nudge(self, _index_id: str = "") -> None:
        """A hint from Redis that a log grew."""
        self._loop.wake()

    def poll(self) -> list[Future[None]]:
        """One round: see where every log stands, and set to work on the shards that are behind."""
        rows = self.ends()
        self._polled_at = time.monotonic()
        self._keep_only({(row.index_id, row.shard) for row in rows})
        started = [self._submit(row) for row in rows if self._is_behind(row)]
        self._on_poll(rows)
        return started

    def ends(self) -> list[Row[Any]]:
        """Where the logs of the group's shards end, and what their indexes are."""
        query = (
            select(shards, indexes.c.fingerprint, indexes.c.dim, indexes.c.tenant, now().label("clock"))
            .join(
                placements,
                (placements.c.index_id == shards.c.index_id) & (placements.c.shard == shards.c.shard),
            )
            .join(indexes, indexes.c.id == shards.c.index_id)
            .where(
                placements.c.group == self._indexer.settings.group,
                indexes.c.state.in_((IndexState.BUILDING, IndexState.LIVE)),
            )
        )
        with self._indexer.db.read() as c:
            return list(c.execute(query))

    def _keep_only(self, placed: set[Key]) -> None:
        self._indexer.broken.keep_only(placed)
        for held in self._indexer.shards.all():
            if held.key not in placed:
                self._indexer.shards.drop(held.key)

    def _is_behind(self, row: Row[Any]) -> bool:
        """Whether the shard needs work that nobody does yet, and may be tried now."""
        key = (row.index_id, row.shard)
        ours = self._indexer.shards.get(key)
        if ours is not None and (ours.view.seq, ours.view.chain) == (row.seq, row.chain):
            ours.current_at = row.clock
            self._indexer.broken.mended(key)
            return False
        SHARD_LAG.labels(*key).set(row.seq - ours.view.seq if ours is not None else row.seq)
        running = self._busy.get(key)
        return (running is None or running.done()) and self._indexer.broken.due(key)

    def _submit(self, row: Row[Any]) -> Future[None]:
        future = self._pool.submit(self._catch_up, row)
        self._busy[row.index_id, row.shard] = future
        return future

    def _catch_up(self, row: Row[Any]) -> None:
        """Its future keeps others from doing it too. Raises Unavailable, for `start` to tell."""
        key = (row.index_id, row.shard)
        try:
            catch_up(self._indexer, row)
        except Unavailable as error:
            self._set_aside(key, error, longest=AWAY_WAIT_S)
            raise
        except (TusouError, OSError, CorruptBlock) as error:
            self._set_aside(key, error)
        except OffPath as error:
            self._indexer.shards.drop(key)
            self._set_aside(key, error)
        except Exception as error:  # whatever was applied half is not searched again
            self._indexer.shards.drop(key)
            self._set_aside(key, error)
            log.exception("shard %s/%d is dropped and loaded again", *key)
        else:
            self._indexer.broken.mended(key)

    def _set_aside(self, key: Key, error: Exception, *, longest: float = LONGEST_WAIT_S) -> None:
        setback = self._indexer.broken.note(key, str(error) or type(error).__name__, longest=longest)
        log.error(
            "shard %s/%d is broken, try %d, again in %g s: %s",
            *key,
            setback.tries,
            setback.wait_s,
            setback.reason,
        )
