"""Whose turn it is among imports: tenants in turn, whether a plan, a chunk or an end is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from shared.db.engine import Database, now
from shared.db.tables import chunks, imports, jobs, tenants
from shared.jobs.fingerprints import may_take
from shared.jobs.job import OPEN, ChunkState, State
from shared.jobs.kinds import JobKind
from shared.topology import CHUNKS, PLAN

# What an import waits for before its end; `closed` too, as it has ended otherwise.
_LEFT = (ChunkState.OPEN, ChunkState.RUNNING, ChunkState.CLOSED)


@dataclass(frozen=True)
class Turn:
    """The import to go on with: its plan or its end, as `stage` says, or (None) one of its chunks."""

    tenant: str
    job_id: str
    stage: str | None


def next_turn(c: Connection, *, alone: bool, fingerprint: str | None) -> Turn | None:
    """Of the tenant served least recently the oldest import; `alone` looks for suspects only."""
    itself = _plan_or_end(alone)
    row = c.execute(
        select(jobs.c.tenant, jobs.c.id, jobs.c.stage, itself.label("itself"))
        .join(imports, imports.c.job_id == jobs.c.id)
        .outerjoin(tenants, tenants.c.tenant == jobs.c.tenant)
        .where(jobs.c.kind == JobKind.IMPORT, jobs.c.state.in_(OPEN), may_take(fingerprint))
        .where(or_(itself, exists().where(chunks.c.job_id == jobs.c.id, *open_chunks(alone))))
        .order_by(tenants.c.served_at.is_not(None), tenants.c.served_at, itself.desc(), jobs.c.created_at)
        .limit(1)
    ).one_or_none()
    return Turn(row.tenant, row.id, row.stage if row.itself else None) if row else None


def open_chunks(alone: bool) -> tuple[ColumnElement[bool], ...]:
    """Chunks that wait to be claimed; one that was put off waits for its time."""
    due = or_(chunks.c.due_at.is_(None), chunks.c.due_at <= now())
    return (chunks.c.state == ChunkState.OPEN, chunks.c.suspect == alone, due)


def served(c: Connection, db: Database, tenant: str) -> None:
    """The others come first now."""
    values = {"served_at": now()}
    c.execute(
        db.insert(tenants)
        .values(tenant=tenant, **values)
        .on_conflict_do_update(index_elements=["tenant"], set_=values)
    )


def _plan_or_end(alone: bool) -> ColumnElement[Any]:
    """An import that waits for its plan, or for its end as every chunk is done."""
    left = exists().where(chunks.c.job_id == jobs.c.id, chunks.c.state.in_(_LEFT))
    return and_(
        jobs.c.suspect == alone,
        jobs.c.lease_until.is_(None),
        # One that was put off waits for its time; a new one does not.
        or_(jobs.c.state == State.QUEUED, jobs.c.due_at.is_(None), jobs.c.due_at <= now()),
        or_(jobs.c.stage == PLAN.name, and_(jobs.c.stage == CHUNKS.name, imports.c.planned, ~left)),
    )
