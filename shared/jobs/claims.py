"""Claims: who may work on a row, for how long, and whether beside others.

A claim raises `attempt` and sets the lease in one UPDATE. The process renews all its claims with one
heartbeat; a process that dies renews nothing, and the keeper gives its rows to others, as suspects:
each runs alone in its process, so that the one that kills it is found without blaming the others.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, or_, select, true, update

from shared.db.engine import now
from shared.db.tables import chunks, jobs
from shared.jobs.fingerprints import may_take
from shared.jobs.job import OPEN, ChunkState, Claim, State, before
from shared.jobs.kinds import JobKind

_FREE = jobs.c.lease_until.is_(None)
# Who lost it may have died of it. A suspect that was lost is left to a keeper, which counts its losses.
_ALONE = or_(and_(_FREE, jobs.c.suspect), and_(jobs.c.lease_until < now(), ~jobs.c.suspect))


def only_alone(c: Connection, job_id: str, stage: str, fingerprint: str | None) -> bool:
    """Whether this stage of the job waits for a process that does nothing else meanwhile."""
    here = (jobs.c.id == job_id, jobs.c.stage == stage, jobs.c.state.in_(OPEN), may_take(fingerprint))
    return c.execute(select(jobs.c.id).where(*here, _ALONE)).scalar() is not None


def claim(
    c: Connection,
    job_id: str,
    stage: str,
    *,
    by: str,
    lease: float,
    alone: bool,
    fingerprint: str | None = None,
) -> Claim | None:
    """None when the row is elsewhere, finished, under a live lease, or to be run alone and we are not.

    Nor is one claimed that a live worker of another model waits for; `fingerprint` is the claimer's.
    """
    of_model = {} if fingerprint is None else {"my_model": fingerprint}
    this = {"job_id": job_id, "at_stage": stage, "claimed_by": by, "for_lease": lease, **of_model}
    row = c.execute(_claiming(alone=alone, of_model=bool(of_model)), this).one_or_none()
    if row is None:
        return None
    return Claim(
        id=row.id,
        tenant=row.tenant,
        attempt=row.attempt,
        stage=row.stage,
        kind=JobKind(row.kind),
        request=row.request,
        fingerprint=row.fingerprint,
        catalog=row.catalog,
        product_id=row.product_id,
        accept_no=row.accept_no,
        created_at=row.created_at,
        queued_s=max(0.0, row.queued_s or 0.0),
        alone=alone,
        tries=row.tries + 1,
    )


@cache
def _claiming(*, alone: bool, of_model: bool) -> Any:
    """Built once: every search begins with it."""
    lease: Any = bindparam("for_lease")
    return (
        update(jobs)
        .where(
            jobs.c.id == bindparam("job_id"),
            jobs.c.stage == bindparam("at_stage"),
            jobs.c.state.in_(before(State.RUNNING)),
            or_(_FREE, _ALONE) if alone else and_(_FREE, ~jobs.c.suspect),
            may_take(bindparam("my_model") if of_model else None),
        )
        .values(
            state=State.RUNNING,
            suspect=case((_FREE, jobs.c.suspect), else_=True),
            attempt=jobs.c.attempt + 1,
            claimed_at=now(),
            lease_until=now() + lease,
            due_at=now() + lease,
        )
        .returning(jobs, (now() - jobs.c.sent_at).label("queued_s"))
    )


def hand_back(c: Connection, by: str, job_id: str | None = None) -> None:
    """A job that this process holds, or all of them, is free at once. Never counts as a loss."""
    which = jobs.c.id == job_id if job_id is not None else true()
    c.execute(
        update(jobs)
        .where(jobs.c.claimed_by == by, jobs.c.state == State.RUNNING, which)
        .values(lease_until=None, claimed_by=None, due_at=now(), attempt=jobs.c.attempt + 1)
    )


def hand_back_all(c: Connection, by: str) -> None:
    """Jobs and chunks, at the end of a process."""
    hand_back(c, by)
    hand_back_chunks(c, by)


def hand_back_chunks(
    c: Connection, by: str, job_id: str | None = None, *, spare: Collection[int] = ()
) -> None:
    """As `hand_back`, for the chunks of that import, or all; those that are spared go on."""
    which = chunks.c.job_id == job_id if job_id is not None else true()
    c.execute(
        update(chunks)
        .where(
            chunks.c.claimed_by == by,
            chunks.c.state == ChunkState.RUNNING,
            which,
            chunks.c.no.not_in(spare),
        )
        .values(lease_until=None, claimed_by=None, state=ChunkState.OPEN, attempt=chunks.c.attempt + 1)
    )
