"""Claims: who may work on a row, for how long, and whether beside others.

A claim raises `attempt` and sets the lease in one UPDATE. The process renews all its claims with one
heartbeat; a process that dies renews nothing, and the keeper gives its rows to others, as suspects:
each runs alone in its process, so that the one that kills it is found without blaming the others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, and_, or_, select, true, update

from shared.db.engine import Database, now
from shared.db.tables import chunks, jobs, workers
from shared.jobs.job import OPEN, Claim, State


def is_suspect(c: Connection, job_id: str) -> bool:
    return bool(c.execute(select(jobs.c.suspect).where(jobs.c.id == job_id)).scalar())


def claim(c: Connection, job_id: str, stage: str, *, by: str, lease: float, alone: bool) -> Claim | None:
    """None when the row is elsewhere, finished, under a live lease, or a suspect and we are not alone."""
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now())
    row = c.execute(
        update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.stage == stage,
            jobs.c.state.in_(OPEN),
            free,
            true() if alone else ~jobs.c.suspect,
        )
        .values(
            state=State.RUNNING,
            attempt=jobs.c.attempt + 1,
            claimed_at=now(),
            claimed_by=by,
            lease_until=now() + lease,
            due_at=now() + lease,
        )
        .returning(jobs, (now() - jobs.c.sent_at).label("queued_s"))
    ).one_or_none()
    if row is None:
        return None
    return Claim(
        id=row.id,
        tenant=row.tenant,
        attempt=row.attempt,
        stage=row.stage,
        kind=row.kind,
        request=row.request,
        fingerprint=row.fingerprint,
        catalog=row.catalog,
        product_id=row.product_id,
        accept_no=row.accept_no,
        created_at=row.created_at,
        queued_s=max(0.0, row.queued_s or 0.0),
        alone=alone,
    )


def hand_back(c: Connection, by: str) -> None:
    """Everything this process holds is free at once. Never counts as a loss."""
    free: dict[str, Any] = {"lease_until": None, "claimed_by": None}
    c.execute(
        update(jobs)
        .where(jobs.c.claimed_by == by, jobs.c.state == State.RUNNING)
        .values(**free, due_at=now(), attempt=jobs.c.attempt + 1)
    )
    c.execute(
        update(chunks)
        .where(chunks.c.claimed_by == by, chunks.c.state == "running")
        .values(**free, state="open", attempt=chunks.c.attempt + 1)
    )


def renew(
    db: Database,
    by: str,
    kind: str,
    *,
    lease: float,
    job_limit: float,
    chunk_limit: float,
    fingerprint: str | None,
    stats: dict[str, Any],
    alone_for: str | None,
) -> None:
    """The heartbeat: claims older than their task's limit are not renewed; the process is seen."""
    with db.write() as c:
        c.execute(
            update(jobs)
            .where(
                jobs.c.claimed_by == by,
                jobs.c.state == State.RUNNING,
                jobs.c.lease_until.is_not(None),
                or_(
                    and_(jobs.c.kind != "import", jobs.c.claimed_at > now() - job_limit),
                    and_(jobs.c.kind == "import", jobs.c.claimed_at > now() - chunk_limit),
                ),
            )
            .values(lease_until=now() + lease, due_at=now() + lease)
        )
        c.execute(
            update(chunks)
            .where(
                chunks.c.claimed_by == by,
                chunks.c.state == "running",
                chunks.c.claimed_at > now() - chunk_limit,
            )
            .values(lease_until=now() + lease)
        )
        seen = {"fingerprint": fingerprint, "stats": stats, "alone_for": alone_for, "seen_at": now()}
        c.execute(
            db.insert(workers)
            .values(process=by, kind=kind, **seen)
            .on_conflict_do_update(index_elements=["process"], set_=seen)
        )


class Gate:
    """Ordinary work enters together; a suspect enters alone, when everything else has left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone: str | None = None
        self._waiting_alone = 0
        self._closed = False

    @contextmanager
    def together(self) -> Iterator[bool]:
        """Yields False when the process is closing: claim nothing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._alone is None and not self._waiting_alone))
            entered = not self._closed
            self._inside += 1
        try:
            yield entered
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        with self._changed:
            self._waiting_alone += 1
            self._changed.wait_for(lambda: self._closed or (self._alone is None and self._inside == 0))
            self._waiting_alone -= 1
            entered = not self._closed
            if entered:
                self._alone = what
        try:
            yield entered
        finally:
            with self._changed:
                if entered:
                    self._alone = None
                self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def alone_for(self) -> str | None:
        return self._alone
