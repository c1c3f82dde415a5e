"""Admission: work that would wait too long is refused before any of it is stored.

A search waits behind those that are open beyond what the workers serve at once, each for as long as the
deployment takes to end one: its whole way counts, whichever part of it is the narrow one now. That pace is
measured while searches wait (an idle deployment ends few because few come), and before that it is what the
vision workers tell.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection

from services.gateway.load.reading import Load, read_load
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.errors import Overloaded
from shared.jobs.kinds import JobKind
from shared.jobs.store import open_count
from shared.settings import Settings

# How old the figures may be. Requests between two readings are added to what was read.
REMEMBERED_S = 0.1
# The pace is that of the last seconds, once searches have waited for the shorter time at least.
PACE_OVER_S = 3.0
PACE_AFTER_S = 0.5
# Once measured it is remembered: the next rush begins with it, until it is measured anew.
PACE_KNOWN_S = 60.0
# A pace is a mean: the slowest in twenty took this much longer when five times as many came as could be held.
SLOWEST = 1.4


class Admission:
    def __init__(self, db: Database, dispatcher: Dispatcher, settings: Settings) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._settings = settings
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._load = Load(0, 0, 0, 0.0, None, 0)
        self._read_at = -math.inf
        self._entering = 0  # admitted, and no row of theirs is there yet
        self._waited_since: float | None = None
        self._pace: float | None = None  # searches ended a second
        self._paced_at = -math.inf

    @contextmanager
    def search(self) -> Iterator[None]:
        """For as long as one more search has no row. Raises Overloaded when it would wait too long."""
        load = self._now()
        with self._lock:
            self._check_cap(load)
            wait = self._wait(load)
            if wait > self._settings.max_queue_wait:
                raise Overloaded(
                    f"a search would wait about {wait:.1f} s; come back a little later",
                    retry_after_s=max(1, math.ceil(wait - self._settings.max_queue_wait)),
                )
            self._entering += 1
        more = 0
        try:
            yield
            more = 1
        finally:
            with self._lock:
                self._entering -= 1
                self._load = replace(self._load, open=self._load.open + more, ahead=self._load.ahead + more)

    def write(self) -> None:
        """Raises Overloaded when there are as many open searches and single writes as there may be."""
        self._check_cap(self._now())

    def new_import(self, tenant: str) -> None:
        """Raises Overloaded when the tenant has as many open imports as it may."""
        with self._db.read() as c:
            self._check_imports(open_count(c, [JobKind.IMPORT], tenant))

    def import_added(self, c: Connection, tenant: str) -> None:
        """The same in the transaction that added it and holds the counter of imports, so that others wait.

        Several may have come past the first look together.
        """
        self._check_imports(open_count(c, [JobKind.IMPORT], tenant) - 1)

    def _check_imports(self, count: int) -> None:
        if count >= self._settings.max_open_imports:
            raise Overloaded(f"{count} imports are open; wait for one to end or cancel it", retry_after_s=30)

    def _check_cap(self, load: Load) -> None:
        found = load.open + self._entering
        if found >= self._settings.max_open_searches:
            raise Overloaded(f"{found} searches and writes are open; come back later", retry_after_s=5)

    def _wait(self, load: Load) -> float:
        """The estimated wait of one more search, should it be one of the slow ones."""
        waiting = replace(load, ahead=load.ahead + self._entering).waiting
        each = load.service_s or 0.0 if self._pace is None else 1 / self._pace
        return max(load.head_age_s, waiting * each * SLOWEST)

    def _now(self) -> Load:
        if time.monotonic() - self._read_at >= REMEMBERED_S and self._reading.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._reading.release()
        return self._load

    def _read(self) -> None:
        began = time.monotonic()
        waited = 0.0 if self._waited_since is None else min(began - self._waited_since, PACE_OVER_S)
        over = waited if waited >= PACE_AFTER_S else 0.0
        with self._db.read() as c:
            load = read_load(
                c,
                max_wait=self._settings.max_queue_wait,
                partial_after=self._settings.partial_after,
                ended_within=over,
                broker_works=self._dispatcher.healthy,
            )
        with self._lock:
            self._load, self._read_at = load, time.monotonic()
            if began - self._paced_at > PACE_KNOWN_S:
                self._pace = None
            if not load.waiting:
                self._waited_since = None
            elif self._waited_since is None:
                self._waited_since = began
            elif over:
                self._pace, self._paced_at = max(load.ended, 1) / over, began
