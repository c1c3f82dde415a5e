"""Admission: work that would wait too long is refused before any of it is stored."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from shared.db.engine import Database, now
from shared.db.tables import jobs, workers
from shared.dispatch import Dispatcher
from shared.errors import Overloaded
from shared.jobs.job import OPEN, State
from shared.jobs.kinds import JobKind
from shared.jobs.store import open_count
from shared.liveness import vision_seen
from shared.settings import Settings

# How old the figures may be. Requests between two readings are added to what was read.
REMEMBERED_S = 0.1
# Searches claimed longer ago tell nothing of how far the queue has moved.
CLAIMED_WITHIN_S = 60
# What takes the time of vision workers while somebody waits for it.
COUNTED = (JobKind.SEARCH, JobKind.PRODUCT, JobKind.EXPLANATION)


@dataclass(frozen=True)
class Load:
    """`open` searches, writes and explanations, `queued` searches, the queue's age, a search's time.

    `service_s` is None while no vision worker tells how long a search takes; it is the time of one search
    with all live workers at it.
    """

    open: int
    queued: int
    head_age_s: float
    service_s: float | None

    @property
    def wait_s(self) -> float:
        """The estimated wait of one more search."""
        return max(self.head_age_s, self.queued * (self.service_s or 0.0))


class Admission:
    def __init__(self, db: Database, dispatcher: Dispatcher, settings: Settings) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._settings = settings
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._load = Load(0, 0, 0.0, None)
        self._read_at = -math.inf

    def search(self) -> None:
        """Raises Overloaded when one more search would wait longer than it may."""
        load = self._now()
        self._check_cap(load)
        if load.wait_s > self._settings.max_queue_wait:
            raise Overloaded(
                f"a search would wait about {load.wait_s:.1f} s; come back a little later",
                retry_after_s=max(1, math.ceil(load.wait_s - self._settings.max_queue_wait)),
            )
        with self._lock:
            self._load = replace(self._load, open=self._load.open + 1, queued=self._load.queued + 1)

    def write(self) -> None:
        """Raises Overloaded when there are as many open searches and single writes as there may be."""
        self._check_cap(self._now())

    def new_import(self, tenant: str) -> None:
        """Raises Overloaded when the tenant has as many open imports as it may."""
        with self._db.read() as c:
            count = open_count(c, [JobKind.IMPORT], tenant)
        if count >= self._settings.max_open_imports:
            raise Overloaded(f"{count} imports are open; wait for one to end or cancel it", retry_after_s=30)

    def _check_cap(self, load: Load) -> None:
        if load.open >= self._settings.max_open_searches:
            raise Overloaded(f"{load.open} searches and writes are open; come back later", retry_after_s=5)

    def _now(self) -> Load:
        if time.monotonic() - self._read_at >= REMEMBERED_S and self._reading.acquire(blocking=False):
            try:
                with self._db.read() as c:
                    load = read_load(c, self._settings.max_queue_wait, broker_works=self._dispatcher.healthy)
                with self._lock:
                    self._load, self._read_at = load, time.monotonic()
            finally:
                self._reading.release()
        return self._load


def read_load(c: Connection, max_wait: float, *, broker_works: bool) -> Load:
    """What the rows tell. Without a broker no message moves, so the age of the oldest is no measure."""
    counts = (
        select(
            jobs.c.kind,
            jobs.c.state,
            func.count().label("rows"),
            (now() - func.min(jobs.c.sent_at)).label("age"),
        )
        .where(jobs.c.state.in_(OPEN), jobs.c.kind.in_(COUNTED))
        .group_by(jobs.c.kind, jobs.c.state)
    )
    found = {(row.kind, row.state): row for row in c.execute(counts)}
    queued = found.get((JobKind.SEARCH, State.QUEUED))
    head_age = 0.0 if queued is None or not broker_works else queued.age or 0.0
    if head_age > max_wait:
        head_age = _head_age(c)
    return Load(
        open=sum(row.rows for row in found.values()),
        queued=0 if queued is None else queued.rows,
        head_age_s=head_age,
        service_s=_service_time(c) if queued is not None else None,
    )


def _head_age(c: Connection) -> float:
    """Age of the oldest queued search whose message was sent after that of one claimed already.

    Older ones have lost their message: a keeper sends them again, and they hold nobody up.
    """
    passed = (
        select(func.coalesce(func.max(jobs.c.sent_at), 0.0))
        .where(
            jobs.c.kind == JobKind.SEARCH,
            jobs.c.state != State.QUEUED,
            # Bounded by the age of the row, which the index knows; a row is claimed after it is made.
            jobs.c.created_at > now() - CLAIMED_WITHIN_S,
            jobs.c.claimed_at >= jobs.c.sent_at,  # or the message of that claim was an older one
        )
        .scalar_subquery()
    )
    head = select(now() - func.min(jobs.c.sent_at)).where(
        jobs.c.kind == JobKind.SEARCH, jobs.c.state == State.QUEUED, jobs.c.sent_at > passed
    )
    return c.execute(head).scalar() or 0.0


def _service_time(c: Connection) -> float | None:
    """Seconds of one search, with all live vision workers at it."""
    query = select(workers.c.stats).where(vision_seen())
    told = [stats.get("service_s") or 0.0 for stats in c.execute(query).scalars()]
    measured = [seconds for seconds in told if seconds > 0]
    return sum(measured) / len(measured) / len(told) if measured else None
