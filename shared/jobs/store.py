"""Job rows: accept, read, list, finish, cancel, retry.

Functions that take a connection belong to the caller's transaction; the caller sends messages only
after it has committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, or_, select, tuple_, update

from shared.db.engine import now
from shared.db.tables import chunks, imports, jobs, manifest_ids, parts, row_errors
from shared.errors import Conflict, Expired, LostClaim, NotFound
from shared.jobs.job import FINAL, OPEN, State, failure
from shared.storage import owners
from shared.topology import CHUNKS, Stage


def accept(
    c: Connection,
    *,
    job_id: str,
    tenant: str,
    kind: str,
    stage: Stage,
    request: dict[str, Any],
    due_in: float,
    catalog: str | None = None,
    product_id: str | None = None,
    accept_no: int | None = None,
    fingerprint: str | None = None,
) -> Row[Any]:
    """The row of a new job; it is overdue when nobody has claimed it `due_in` seconds later."""
    return c.execute(
        insert(jobs)
        .values(
            id=job_id,
            tenant=tenant,
            kind=kind,
            state=State.QUEUED,
            stage=stage.name,
            attempt=0,
            created_at=now(),
            due_at=now() + due_in,
            sent_at=now(),
            suspect=False,
            losses_alone=0,
            request=request,
            catalog=catalog,
            product_id=product_id,
            accept_no=accept_no,
            fingerprint=fingerprint,
            timings_ms={},
        )
        .returning(jobs)
    ).one()


def get(c: Connection, tenant: str, job_id: str) -> Row[Any]:
    """Raises NotFound for an unknown id and for another tenant's, Expired for a tombstone."""
    row = c.execute(select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)).one_or_none()
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


def finish(
    c: Connection,
    job_id: str,
    state: State,
    *,
    keep_for: float,
    attempt: int | None = None,
    result: dict[str, Any] | None = None,
    error: dict[str, Any] | None = None,
    reasons: list[dict[str, Any]] | None = None,
    timings_ms: dict[str, Any] | None = None,
) -> bool:
    """End a running job in one UPDATE. False when it is no longer running (or the claim was lost)."""
    mine = jobs.c.id == job_id
    if attempt is not None:
        mine = and_(mine, jobs.c.attempt == attempt)
    values: dict[str, Any] = {
        "state": state,
        "finished_at": now(),
        "expires_at": now() + keep_for,
        "result": result,
        "error": error,
        "reasons": reasons,
        **_IDLE,
    }
    if timings_ms is not None:
        values["timings_ms"] = timings_ms
    done = c.execute(update(jobs).where(mine, jobs.c.state == State.RUNNING).values(values))
    return done.rowcount == 1


# What a row carries only while somebody works on it or waits for it.
_IDLE: dict[str, Any] = {
    "due_at": None,
    "lease_until": None,
    "claimed_by": None,
    "hedge_at": None,
    "partial_at": None,
    "answer_by": None,
    "outcome": None,
}


def cancel(c: Connection, tenant: str, job_id: str, *, keep_for: float) -> None:
    """Fences off every claim of it and of its chunks. Raises Conflict when it has finished."""
    done = c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.tenant == tenant, jobs.c.state.in_(OPEN))
        .values(
            state=State.CANCELLED,
            attempt=jobs.c.attempt + 1,
            finished_at=now(),
            expires_at=now() + keep_for,
            **_IDLE,
        )
    )
    if not done.rowcount:
        row = get(c, tenant, job_id)
        raise Conflict(f"the job is {row.state} already", code="already_finished")
    close_chunks(c, job_id)


def close_chunks(c: Connection, job_id: str) -> None:
    """Whatever runs for this import is fenced off."""
    c.execute(
        update(chunks)
        .where(chunks.c.job_id == job_id, chunks.c.state.in_(("open", "running")))
        .values(state="closed", attempt=chunks.c.attempt + 1, lease_until=None, claimed_by=None)
    )


def retry(c: Connection, tenant: str, job_id: str) -> Row[Any]:
    """A dead letter once more: a failed job whose error is retryable. Raises Conflict otherwise."""
    row = get(c, tenant, job_id)
    if row.state != State.FAILED or not (row.error or {}).get("retryable"):
        raise Conflict(f"only a failed job that is retryable can be retried; this one is {row.state}")
    c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == State.FAILED)
        .values(
            # An import whose plan is made goes on with its chunks; anything else is claimed again.
            state=case((jobs.c.stage == CHUNKS.name, State.RUNNING), else_=State.QUEUED),
            # A search starts over: its outcome went with its end.
            stage=case((jobs.c.kind == "search", "embed"), else_=jobs.c.stage),
            attempt=jobs.c.attempt + 1,
            losses_alone=0,
            error=None,
            finished_at=None,
            expires_at=None,
            due_at=now() + 5,
            sent_at=now(),
        )
    )
    c.execute(delete(parts).where(parts.c.job_id == job_id))
    c.execute(
        update(chunks)
        .where(chunks.c.job_id == job_id, chunks.c.state == "closed")
        .values(
            state="open",
            attempt=chunks.c.attempt + 1,
            tries=0,
            due_at=None,
            losses_alone=0,
            claimed_by=None,
            lease_until=None,
        )
    )
    return get(c, tenant, job_id)


def save_stage(c: Connection, job_id: str, attempt: int, **values: Any) -> None:
    """Store what a stage produced and release the claim. Raises LostClaim when it is no longer ours."""
    done = c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.state == State.RUNNING)
        .values(lease_until=None, claimed_by=None, suspect=False, **values)
    )
    if not done.rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def put_off(c: Connection, job_id: str, attempt: int, stage: str, seconds: float) -> None:
    """Release the claim of a stage that is to be tried again; of no effect when it is no longer ours."""
    mine = (jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.stage == stage)
    c.execute(
        update(jobs)
        .where(*mine, jobs.c.state == State.RUNNING)
        .values(lease_until=None, claimed_by=None, due_at=now() + seconds)
    )


def hold(c: Connection, job_id: str, attempt: int) -> None:
    """Lock the row of a claim for this transaction. Raises LostClaim when it is no longer ours."""
    mine = (jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.state == State.RUNNING)
    if not c.execute(update(jobs).where(*mine).values(attempt=attempt)).rowcount:
        raise LostClaim(f"job {job_id} is no longer at attempt {attempt}")


def import_progress(c: Connection, job_id: str) -> dict[str, int]:
    """Summed from chunk rows; never counted in one hot row."""
    done = chunks.c.state == "done"
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
        ).where(chunks.c.job_id == job_id, chunks.c.state != "split")
    ).one()
    return {key: int(value) for key, value in counts._mapping.items()}


def open_count(c: Connection, kinds: Iterable[str], tenant: str | None = None) -> int:
    query = (
        select(func.count()).select_from(jobs).where(jobs.c.state.in_(OPEN), jobs.c.kind.in_(tuple(kinds)))
    )
    if tenant is not None:
        query = query.where(jobs.c.tenant == tenant)
    return c.execute(query).scalar_one()


def expire(c: Connection, *, tombstone_for: float, limit: int = 500) -> list[str]:
    """Finished jobs past their time lose everything but the fact that they were; old tombstones go."""
    due = select(jobs.c.id).where(jobs.c.expires_at < now(), jobs.c.state.in_(FINAL)).limit(limit)
    ids = list(c.execute(due).scalars())
    if ids:
        entomb(c, ids, tombstone_for=tombstone_for)
    c.execute(delete(jobs).where(jobs.c.state == State.EXPIRED, jobs.c.expires_at < now()))
    return ids


def entomb(c: Connection, ids: list[str], *, tombstone_for: float) -> None:
    """Finished jobs lose everything but the fact that they were."""
    c.execute(delete(parts).where(parts.c.job_id.in_(ids)))
    _forget_imports(c, ids)
    c.execute(
        update(jobs)
        .where(jobs.c.id.in_(ids))
        .values(
            state=State.EXPIRED,
            expires_at=now() + tombstone_for,
            attempt=jobs.c.attempt + 1,
            request={},
            **dict.fromkeys(("outcome", "result", "error", "reasons", "progress", "product_id"), None),
        )
    )


def _forget_imports(c: Connection, ids: list[str]) -> None:
    """Manifests, chunks and row errors name products; they go with the job's result."""
    of_these = imports.c.job_id.in_(ids)
    manifests = c.execute(select(imports.c.manifests).where(of_these)).scalars()
    owners.remove(c, [m["object"] for wanted in manifests for m in wanted if m.get("kind") != "incoming"])
    owners.remove(c, c.execute(select(chunks.c.rows_object).where(chunks.c.job_id.in_(ids))).scalars())
    for table in (row_errors, manifest_ids, chunks, imports):
        c.execute(delete(table).where(table.c.job_id.in_(ids)))


def lost_worker() -> dict[str, Any]:
    return failure(
        "worker_lost", "each process that ran this job alone ended; retry it by hand", retryable=True
    )


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
