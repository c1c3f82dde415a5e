"""Requests that wait for a job: woken by a hint, and looking by themselves four times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row

from shared.answer.deadlines import keep_time, state_and_due
from shared.answer.finish import Finisher
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.errors import Unavailable
from shared.jobs import store
from shared.jobs.job import FINAL, State

log = logging.getLogger(__name__)

TICK_S = 0.25


class Waiters:
    """Seats for those who wait, so many at once; `wake` may be called from any thread."""

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}
        self.closed = False

    @contextmanager
    def seat(self, job_id: str, seconds: float) -> Iterator[threading.Event | None]:
        """None when nobody wants to wait, all seats are taken, or the gateway is closing."""
        event = self._sit(job_id) if seconds > 0 else None
        try:
            yield event
        finally:
            if event is not None:
                self._leave(job_id, event)

    def wake(self, job_id: str) -> None:
        with self._lock:
            for event in self._events.get(job_id, ()):
                event.set()

    def close(self) -> None:
        """Everybody who waits is answered with what there is."""
        self.closed = True
        with self._lock:
            for events in self._events.values():
                for event in events:
                    event.set()

    def _sit(self, job_id: str) -> threading.Event | None:
        with self._lock:
            if self.closed or sum(map(len, self._events.values())) >= self._seats:
                return None
            event = threading.Event()
            self._events.setdefault(job_id, []).append(event)
            return event

    def _leave(self, job_id: str, event: threading.Event) -> None:
        with self._lock:
            self._events[job_id].remove(event)
            if not self._events[job_id]:
                del self._events[job_id]


class Waiting:
    """Waits for a job's end, and keeps its time meanwhile: missing parts, partial answers, the deadline."""

    def __init__(
        self,
        db: Database,
        finisher: Finisher,
        dispatcher: Dispatcher,
        waiters: Waiters,
        *,
        replica_seen: float,
    ) -> None:
        self._db = db
        self._finisher = finisher
        self._dispatcher = dispatcher
        self._waiters = waiters
        self._replica_seen = replica_seen

    def for_end(self, row: Row[Any], event: threading.Event, seconds: float) -> Row[Any]:
        """The job's row once it is final, or as it is after `seconds`. Raises NotFound, Expired."""
        deadline = time.monotonic() + seconds
        while row.state not in FINAL and not self._waiters.closed:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            woken = event.wait(min(TICK_S, left))
            event.clear()
            try:
                if woken or self._ended(row.id):
                    with self._db.read() as c:
                        row = store.get(c, row.tenant, row.id)
            except Unavailable as error:
                log.warning("a waiting request sees nothing: %s", error.detail)
                break
        return row

    def _ended(self, job_id: str) -> bool:
        """What a tick without a hint sees; it hedges or finishes the search when its time has come."""
        seen = state_and_due(self._db, job_id)
        if seen is not None and seen.due:
            keep_time(
                self._db,
                self._finisher,
                self._dispatcher,
                replica_seen=self._replica_seen,
                job_id=job_id,
            )
            seen = state_and_due(self._db, job_id)
        return seen is None or seen.state in (*FINAL, State.EXPIRED)
