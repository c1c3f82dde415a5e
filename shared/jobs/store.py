"""Job rows: accept, read, list, and what a claim writes before its end.

Functions that take a connection belong to the caller's transaction; the caller sends messages only
after it has committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, or_, select, tuple_, update

from shared.db.engine import now
from shared.db.tables import chunks, jobs
from shared.errors import Expired, LostClaim, NotFound
from shared.jobs.job import OPEN, ChunkState, State
from shared.jobs.kinds import JobKind
from shared.topology import LOOKUP, Stage

# Built once, here and wherever a search goes: to build a statement takes longer than to run it.
_ACCEPT = (
    insert(jobs).values(created_at=now(), sent_at=now(), due_at=now() + bindparam("due_in")).returning(jobs)
)
_GET = select(jobs).where(jobs.c.id == bindparam("job_id"), jobs.c.tenant == bindparam("of_tenant"))
_MINE = (
    jobs.c.id == bindparam("job_id"),
    jobs.c.attempt == bindparam("my_attempt"),
    jobs.c.state == State.RUNNING,
)
_RELEASED: dict[str, Any] = {"lease_until": None, "claimed_by": None, "suspect": False, "tries": 0}
_HAND_OVER = (
    update(jobs)
    .where(*_MINE)
    .values(
        **_RELEASED,
        stage=LOOKUP.name,
        due_at=None,
        handed_at=now(),
        hedge_at=now() + bindparam("hedge_after"),
        partial_at=now() + bindparam("partial_after"),
        answer_by=now() + bindparam("answer_within"),
    )
)


def accept(
    c: Connection,
    *,
    job_id: str,
    tenant: str,
    kind: JobKind,
    stage: Stage,
    request: dict[str, Any],
    due_in: float,
    catalog: str | None = None,
    product_id: str | None = None,
    accept_no: int | None = None,
    fingerprint: str | None = None,
) -> Row[Any]:
    """The row of a new job; it is overdue when nobody has claimed it `due_in` seconds later."""
    row = {
        "id": job_id,
        "tenant": tenant,
        "kind": kind,
        "state": State.QUEUED,
        "stage": stage.name,
        "attempt": 0,
        "tries": 0,
        "suspect": False,
        "losses_alone": 0,
        "request": request,
        "catalog": catalog,
        "product_id": product_id,
        "accept_no": accept_no,
        "fingerprint": fingerprint,
        "timings_ms": {},
    }
    return c.execute(_ACCEPT, {**row, "due_in": due_in}).one()


def get(c: Connection, tenant: str, job_id: str) -> Row[Any]:
    """Raises NotFound for an unknown id and for another tenant's, Expired for a tombstone."""
    row = c.execute(_GET, {"job_id": job_id, "of_tenant": tenant}).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id}")
    if row.state == State.EXPIRED:
        raise Expired("this job's result was kept for its time and is gone")
    return row


def newest(
    c: Connection,
    tenant: str,
    *,
    state: str | None = None,
    kinds: Iterable[str] | None = None,
    before: tuple[float, str] | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """Jobs of a tenant, newest first; `before` is (created_at, id) of the last one seen."""
    query = select(jobs).where(jobs.c.tenant == tenant, jobs.c.state != State.EXPIRED)
    if state:
        query = query.where(jobs.c.state == state)
    if kinds is not None:
        query = query.where(jobs.c.kind.in_(tuple(kinds)))
    if before:
        query = query.where(tuple_(jobs.c.created_at, jobs.c.id) < before)
    return list(c.execute(query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)))


def save_stage(c: Connection, job_id: str, attempt: int, **values: Any) -> None:
    """Store what a stage produced and release the claim. Raises LostClaim when it is no longer ours."""
    done = c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.state == State.RUNNING)
        .values(**_RELEASED, **values)
    )
    if not done.rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def hand_over(
    c: Connection,
    job_id: str,
    attempt: int,
    *,
    index_id: str,
    groups: dict[str, list[int]],
    outcome: bytes,
    timings_ms: dict[str, float],
    hedge_after: float,
    partial_after: float,
    answer_within: float,
) -> None:
    """A search's outcome is there, and each group is to be asked. Raises LostClaim as `save_stage`."""
    mine = {"job_id": job_id, "my_attempt": attempt}
    times = {"hedge_after": hedge_after, "partial_after": partial_after, "answer_within": answer_within}
    values = {
        "index_id": index_id,
        "groups": groups,
        "parts_left": len(groups),
        "outcome": outcome,
        "timings_ms": timings_ms,
    }
    if not c.execute(_HAND_OVER, {**mine, **times, **values}).rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def save_progress(c: Connection, job_id: str, attempt: int, progress: dict[str, Any]) -> None:
    """How far a claim has come. Raises LostClaim when it is no longer ours."""
    mine = (jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.state == State.RUNNING)
    if not c.execute(update(jobs).where(*mine).values(progress=progress)).rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def next_of(c: Connection, kind: JobKind) -> str | None:
    """The id of the oldest job of this kind that nobody works on; one put off waits for its time."""
    free = (jobs.c.kind == kind, jobs.c.state.in_(OPEN), jobs.c.lease_until.is_(None))
    due = or_(jobs.c.state == State.QUEUED, jobs.c.due_at.is_(None), jobs.c.due_at <= now())
    query = select(jobs.c.id).where(*free, due).order_by(jobs.c.created_at).limit(1)
    found: str | None = c.execute(query).scalar()
    return found


def put_off(
    c: Connection, job_id: str, attempt: int, stage: str, seconds: float, *, tried: bool = True
) -> None:
    """Release the claim of a stage that is to be tried again; of no effect when it is no longer ours.

    `tried`: it counts as one of its tries.
    """
    mine = (jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.stage == stage)
    c.execute(
        update(jobs)
        .where(*mine, jobs.c.state == State.RUNNING)
        .values(lease_until=None, claimed_by=None, tries=jobs.c.tries + int(tried), due_at=now() + seconds)
    )


def hold(c: Connection, job_id: str, attempt: int) -> None:
    """Lock the row of a claim for this transaction. Raises LostClaim when it is no longer ours."""
    mine = (jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.state == State.RUNNING)
    if not c.execute(update(jobs).where(*mine).values(attempt=attempt)).rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def import_progress(c: Connection, job_id: str) -> dict[str, int]:
    """Summed from chunk rows; never counted in one hot row."""
    done = chunks.c.state == ChunkState.DONE
    counts = c.execute(
        select(
            func.count().label("chunks"),
            func.coalesce(func.sum(case((done, 1), else_=0)), 0).label("chunks_done"),
            func.coalesce(func.sum(case((done, chunks.c.row_to - chunks.c.row_from), else_=0)), 0).label(
                "rows_done"
            ),
            func.coalesce(func.sum(chunks.c.products), 0).label("products"),
            func.coalesce(func.sum(chunks.c.images), 0).label("images"),
            func.coalesce(func.sum(chunks.c.embedded), 0).label("embedded"),
            func.coalesce(func.sum(chunks.c.bad_rows), 0).label("bad_rows"),
        ).where(chunks.c.job_id == job_id, chunks.c.state != ChunkState.SPLIT)
    ).one()
    return {key: int(value) for key, value in counts._mapping.items()}


def open_count(c: Connection, kinds: Iterable[str], tenant: str | None = None) -> int:
    query = (
        select(func.count()).select_from(jobs).where(jobs.c.state.in_(OPEN), jobs.c.kind.in_(tuple(kinds)))
    )
    if tenant is not None:
        query = query.where(jobs.c.tenant == tenant)
    return c.execute(query).scalar_one()


def overdue(c: Connection, stages: Iterable[str], limit: int) -> tuple[int, list[Row[Any]]]:
    """How many rows of these stages are due and under no live lease, and the oldest of them."""
    late = (
        jobs.c.due_at < now(),
        jobs.c.state.in_(OPEN),
        jobs.c.stage.in_(tuple(stages)),
        or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now()),
    )
    columns = (jobs.c.id, jobs.c.stage, jobs.c.attempt, jobs.c.sent_at)
    query = select(*columns).where(*late).order_by(jobs.c.created_at).limit(limit)
    oldest: list[Row[Any]] = list(c.execute(query))
    if len(oldest) < limit:
        return len(oldest), oldest
    return c.execute(select(func.count()).select_from(jobs).where(*late)).scalar_one(), oldest
