"""Jobs and chunks that nobody would end: they go on, or are ended and say so."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from shared.db.engine import now
from shared.db.tables import jobs, parts
from shared.fsck.finding import Finding
from shared.fsck.repair.deps import Repairs
from shared.jobs import explanations
from shared.jobs.ends import close_chunks
from shared.jobs.expiry import EMPTIED, forget
from shared.jobs.job import FINAL, OPEN, ChunkState, State, failure
from shared.topology import LOOKUP

_ERROR = failure("inconsistent", "what this job needs was lost; make the request again", retryable=False)


def end_job(c: Connection, job_id: str, keep_for: float) -> None:
    """Whatever its state is: `ends.finish` knows only those that a job can be in."""
    c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state.not_in((*FINAL, State.EXPIRED)))
        .values(
            state=State.FAILED,
            attempt=jobs.c.attempt + 1,
            error=_ERROR,
            finished_at=now(),
            expires_at=now() + keep_for,
            due_at=None,
            lease_until=None,
            claimed_by=None,
        )
    )
    close_chunks(c, job_id)


def impossible(repairs: Repairs, finding: Finding) -> str:
    job_id = finding.subject
    with repairs.db.write() as c:
        state = c.execute(select(jobs.c.state).where(jobs.c.id == job_id).with_for_update()).scalar()
        if state not in FINAL:
            end_job(c, job_id, repairs.keep_for)
            return "it failed, as inconsistent"
        c.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(
                lease_until=None,
                claimed_by=None,
                due_at=None,
                finished_at=func.coalesce(jobs.c.finished_at, now()),
                expires_at=func.coalesce(jobs.c.expires_at, now() + repairs.keep_for),
            )
        )
    return "it has a time to expire at, and no lease"


def stuck(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        c.execute(
            update(jobs)
            .where(jobs.c.id == finding.subject, jobs.c.state.in_(OPEN), jobs.c.lease_until.is_(None))
            .values(due_at=now())
        )
    return "a keeper sends it again"


def kept(repairs: Repairs, finding: Finding) -> str:
    job_id = finding.subject
    this = (jobs.c.id == job_id, jobs.c.state == State.EXPIRED)
    with repairs.db.write() as c:
        if c.execute(update(jobs).where(*this).values(request={}, **dict.fromkeys(EMPTIED))).rowcount:
            forget(c, [job_id])
    return "it was emptied"


def explanation(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        explanations.forget_jobs(c, [finding.keys["job"]])
    return "it went: ask for it again"


def end_import(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        end_job(c, finding.subject, repairs.keep_for)
    return "it failed, as inconsistent: import again"


def chunk(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        ended = select(jobs.c.id).where(jobs.c.id == finding.keys["job"], jobs.c.state.not_in(OPEN))
        if c.execute(ended.with_for_update()).scalar() is not None:
            close_chunks(c, finding.keys["job"])
    return ChunkState.CLOSED


def parts_left(repairs: Repairs, finding: Finding) -> str:
    job_id = finding.subject
    with repairs.db.write() as c:
        row = c.execute(select(jobs.c.groups).where(jobs.c.id == job_id).with_for_update()).one()
        came = c.execute(select(func.count()).select_from(parts).where(parts.c.job_id == job_id)).scalar_one()
        left = len(row.groups or {}) - came
        c.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state == State.RUNNING, jobs.c.stage == LOOKUP.name)
            .values(parts_left=left)
        )
    return f"it waits for {left}"
