"""Jobs, chunks and parts: states that nobody would ever end."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, and_, case, exists, func, not_, or_, select

from shared.batched import batched
from shared.db.engine import Database
from shared.db.pages import ROWS_AT_ONCE, rows_of
from shared.db.tables import chunks, explanations, imports, jobs, manifest_ids, parts, row_errors
from shared.fsck.finding import Code, Finding
from shared.jobs.expiry import EMPTIED
from shared.jobs.job import FINAL, OPEN, ChunkState, State
from shared.jobs.kinds import JobKind
from shared.topology import EMBED, EMBED_WRITE, EXPLAIN, LOOKUP, STAGES

# A keeper sends these again when they are due. Plans, chunks and trainings are looked for by who does them.
SENT = (EMBED.name, LOOKUP.name, EMBED_WRITE.name, EXPLAIN.name)

# What goes with a job's result.
BESIDE = (parts, explanations, imports, chunks, row_errors, manifest_ids)


def check(db: Database) -> Iterator[Finding]:
    with db.moment(patient=True) as c:
        for look in (_impossible, _stuck, _kept, _explanations, _imports, _left_chunks, _chunk_sums, _parts):
            yield from look(c)


def _impossible(c: Connection) -> Iterator[Finding]:
    unending = or_(jobs.c.lease_until.is_not(None), jobs.c.expires_at.is_(None), jobs.c.finished_at.is_(None))
    impossible = or_(
        jobs.c.state.not_in([*State]),
        and_(jobs.c.state.in_(OPEN), jobs.c.stage.not_in(list(STAGES))),
        and_(jobs.c.state.in_(FINAL), unending),
    )
    for row in c.execute(select(jobs.c.id, jobs.c.state, jobs.c.stage).where(impossible)):
        yield _of(Code.JOB_IMPOSSIBLE, row.id, f"{row.state} at stage {row.stage}")


def _stuck(c: Connection) -> Iterator[Finding]:
    free = and_(jobs.c.state.in_(OPEN), jobs.c.due_at.is_(None), jobs.c.lease_until.is_(None))
    query = select(jobs.c.id, jobs.c.state, jobs.c.stage).where(free, jobs.c.stage.in_(SENT))
    for row in c.execute(query):
        yield _of(Code.JOB_STUCK, row.id, f"{row.state} at stage {row.stage}, due at no time")


def _kept(c: Connection) -> Iterator[Finding]:
    """A tombstone holds nothing but the fact that there was a job."""
    columns = (jobs.c.state, jobs.c.request, *(jobs.c[name] for name in EMPTIED))
    expired = (row for row in rows_of(c, jobs, *columns) if row.state == State.EXPIRED)
    for page in batched(expired, ROWS_AT_ONCE):
        beside: dict[str, list[str]] = {}
        for table in BESIDE:
            of_these = table.c.job_id.in_([row.id for row in page])
            for job_id in c.execute(select(table.c.job_id).where(of_these).distinct()).scalars():
                beside.setdefault(job_id, []).append(table.name)
        for row in page:
            holds = [name for name in ("request", *EMPTIED) if getattr(row, name)] + beside.get(row.id, [])
            if holds:
                yield _of(Code.JOB_KEPT, row.id, f"it has expired, and holds {', '.join(holds)}")


def _explanations(c: Connection) -> Iterator[Finding]:
    """One whose job failed is forgotten when it is asked for (the gateway's accepting/explaining.py)."""
    made = exists().where(
        jobs.c.id == explanations.c.made_by, jobs.c.state.not_in((State.SUCCEEDED, State.EXPIRED))
    )
    bare = or_(explanations.c.query_object.is_(None), explanations.c.result_object.is_(None))
    for row in c.execute(select(explanations).where(bare, not_(made))):
        keys = {"job": row.made_by}
        subject = f"{row.job_id}/{row.item}/{row.hit}"
        yield Finding(Code.EXPLANATION_STUCK, subject, f"of job {row.made_by}, which makes it no more", keys)


def _imports(c: Connection) -> Iterator[Finding]:
    told = exists().where(imports.c.job_id == jobs.c.id)
    lost = and_(jobs.c.kind == JobKind.IMPORT, jobs.c.state.in_(OPEN), not_(told))
    for job_id in c.execute(select(jobs.c.id).where(lost)).scalars():
        yield _of(Code.IMPORT_MISSING, job_id, "its row of imports is gone")


def _left_chunks(c: Connection) -> Iterator[Finding]:
    unended = chunks.c.state.in_((ChunkState.OPEN, ChunkState.RUNNING))
    ended = jobs.c.state.not_in(OPEN)
    query = select(chunks.c.job_id, chunks.c.no).join(jobs, jobs.c.id == chunks.c.job_id)
    for row in c.execute(query.where(ended, unended)):
        keys = {"job": row.job_id}
        yield Finding(Code.CHUNK_LEFT, f"{row.job_id}/{row.no}", "its import has ended", keys)


def _chunk_sums(c: Connection) -> Iterator[Finding]:
    """A chunk that was split stands for its halves, whose numbers are below zero."""
    size = chunks.c.row_to - chunks.c.row_from
    planned = func.sum(case((chunks.c.no >= 0, size), else_=0)).label("planned")
    live = func.sum(case((chunks.c.state != ChunkState.SPLIT, size), else_=0)).label("live")
    query = select(chunks.c.job_id, planned, live).join(jobs, jobs.c.id == chunks.c.job_id)
    for row in c.execute(query.where(jobs.c.state.in_(OPEN)).group_by(chunks.c.job_id)):
        if row.planned != row.live:
            yield _of(Code.CHUNK_ROWS, row.job_id, f"{row.live} rows in chunks, {row.planned} planned")


def _parts(c: Connection) -> Iterator[Finding]:
    came = select(func.count()).select_from(parts).where(parts.c.job_id == jobs.c.id).scalar_subquery()
    query = select(jobs.c.id, jobs.c.groups, jobs.c.parts_left, came.label("came"))
    for row in c.execute(query.where(jobs.c.state == State.RUNNING, jobs.c.stage == LOOKUP.name)):
        missing = len(row.groups or {}) - row.came
        if row.parts_left != missing:
            detail = f"it waits for {row.parts_left} parts, and {missing} are missing"
            yield _of(Code.PART_COUNT, row.id, detail)


def _of(code: Code, job_id: str, detail: str) -> Finding:
    return Finding(code, job_id, detail, {"job": job_id})
