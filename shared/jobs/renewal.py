"""The heartbeat of a process: its claims are renewed, and it is seen.

Each table in a transaction of its own, and rows that somebody has locked are left out: a claim whose row
is locked is being written by its holder or taken from it, and nobody may wait for that with other rows
in hand. What was left out is renewed by the next beat, well within its lease.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, or_, select, tuple_, update

from shared.db.engine import Database, now
from shared.db.tables import chunks, jobs, workers
from shared.jobs.job import ChunkState, State
from shared.jobs.kinds import JobKind


def renew(
    db: Database,
    by: str,
    kind: str,
    *,
    lease: float,
    job_limit: float,
    import_limit: float,
    fingerprint: str | None,
    stats: dict[str, Any],
) -> None:
    """Claims older than their task's limit are not renewed; a training has none. Raises Unavailable."""
    with db.write() as c:
        _renew_jobs(c, by, lease, job_limit=job_limit, import_limit=import_limit)
    with db.write() as c:
        _renew_chunks(c, by, lease, limit=import_limit)
    seen = {"fingerprint": fingerprint, "stats": stats, "seen_at": now()}
    with db.write() as c:
        c.execute(
            db.insert(workers)
            .values(process=by, kind=kind, **seen)
            .on_conflict_do_update(index_elements=["process"], set_=seen)
        )


def _renew_jobs(c: Connection, by: str, lease: float, *, job_limit: float, import_limit: float) -> None:
    limit = case((jobs.c.kind == JobKind.IMPORT, import_limit), else_=job_limit)
    free = (
        select(jobs.c.id)
        .where(
            jobs.c.claimed_by == by,
            jobs.c.state == State.RUNNING,
            jobs.c.lease_until.is_not(None),
            or_(jobs.c.kind == JobKind.TRAINING, jobs.c.claimed_at > now() - limit),
        )
        .order_by(jobs.c.id)
        .with_for_update(skip_locked=True)
    )
    ids = list(c.execute(free).scalars())
    if not ids:
        return
    renewed = {"lease_until": now() + lease, "due_at": now() + lease}
    c.execute(update(jobs).where(jobs.c.id.in_(ids)).values(renewed))


def _renew_chunks(c: Connection, by: str, lease: float, *, limit: float) -> None:
    key = (chunks.c.job_id, chunks.c.no)
    free = (
        select(*key)
        .where(
            chunks.c.claimed_by == by,
            chunks.c.state == ChunkState.RUNNING,
            chunks.c.claimed_at > now() - limit,
        )
        .order_by(*key)
        .with_for_update(skip_locked=True)
    )
    held = [tuple(row) for row in c.execute(free)]
    if held:
        c.execute(update(chunks).where(tuple_(*key).in_(held)).values(lease_until=now() + lease))
