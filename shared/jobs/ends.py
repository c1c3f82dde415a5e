"""How jobs end, and begin again: finish, cancel, retry. Each move is one that `job.MOVES` allows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, update

from shared.db.engine import now
from shared.db.tables import chunks, jobs, parts
from shared.errors import Conflict
from shared.jobs import photos
from shared.jobs.job import ChunkState, State, before, failure
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import SearchRequest
from shared.jobs.store import get
from shared.topology import CHUNKS, EMBED

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
    """End a running job in one UPDATE. False when it is no longer running (or the claim was lost).

    The photo of a search that was not to be kept goes in the same transaction.
    """
    values: dict[str, Any] = {"result": result, "error": error, "reasons": reasons}
    if timings_ms is not None:
        values["timings_ms"] = timings_ms
    mine = {"job_id": job_id, **({"my_attempt": attempt} if attempt is not None else {})}
    ended = c.execute(_finishing(state, fenced=attempt is not None), {**mine, "keep_for": keep_for, **values})
    return _forget_photo(c, ended.one_or_none())


@cache
def _finishing(state: State, *, fenced: bool) -> Any:
    """Built once: every search ends with it."""
    mine = [jobs.c.id == bindparam("job_id")] + [jobs.c.attempt == bindparam("my_attempt")] * fenced
    return _ending(state, mine, bindparam("keep_for"))


def cancel(c: Connection, tenant: str, job_id: str, *, keep_for: float) -> None:
    """Fences off every claim of it and of its chunks. Raises Conflict when it has finished."""
    this = (jobs.c.id == job_id, jobs.c.tenant == tenant)
    ended = c.execute(_ending(State.CANCELLED, this, keep_for, attempt=jobs.c.attempt + 1))
    if not _forget_photo(c, ended.one_or_none()):
        row = get(c, tenant, job_id)
        raise Conflict(f"the job is {row.state} already", code="already_finished")
    close_chunks(c, job_id)


def _ending(state: State, which: Iterable[Any], keep_for: Any, **values: Any) -> Any:
    return (
        update(jobs)
        .where(*which, jobs.c.state.in_(before(state)))
        .values(state=state, finished_at=now(), expires_at=now() + keep_for, **_IDLE, **values)
        .returning(jobs.c.kind, jobs.c.request)
    )


def _forget_photo(c: Connection, ended: Row[Any] | None) -> bool:
    """Whether a job has ended; the photo of a search that was not to be kept goes with it."""
    if ended is None:
        return False
    if ended.kind == JobKind.SEARCH:
        photos.forget(c, SearchRequest.from_json(ended.request))
    return True


def close_chunks(c: Connection, job_id: str) -> None:
    """Whatever runs for this import is fenced off."""
    c.execute(
        update(chunks)
        .where(chunks.c.job_id == job_id, chunks.c.state.in_((ChunkState.OPEN, ChunkState.RUNNING)))
        .values(state=ChunkState.CLOSED, attempt=chunks.c.attempt + 1, lease_until=None, claimed_by=None)
    )


def retry(c: Connection, tenant: str, job_id: str, *, due_in: float) -> Row[Any]:
    """A dead letter once more: a failed job whose error is retryable. Raises Conflict otherwise."""
    row = get(c, tenant, job_id)
    if row.state != State.FAILED or not (row.error or {}).get("retryable"):
        raise Conflict(f"only a failed job that is retryable can be retried; this one is {row.state}")
    if row.kind == JobKind.SEARCH and not photos.kept(SearchRequest.from_json(row.request)):
        raise Conflict("this search was not to keep its photo; send the photo again", code="photo_not_kept")
    again = c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state.in_(before(State.QUEUED)))
        .values(
            state=State.QUEUED,
            # A search starts over: its outcome went with its end.
            stage=case((jobs.c.kind == JobKind.SEARCH, EMBED.name), else_=jobs.c.stage),
            attempt=jobs.c.attempt + 1,
            tries=0,
            losses_alone=0,
            error=None,
            finished_at=None,
            expires_at=None,
            due_at=now() + due_in,
            sent_at=now(),
        )
    )
    if again.rowcount:
        _take_up(c, job_id)
    return get(c, tenant, job_id)


def _take_up(c: Connection, job_id: str) -> None:
    """An import whose plan is made goes on with its chunks; anything else is claimed again."""
    c.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.stage == CHUNKS.name, jobs.c.state.in_(before(State.RUNNING)))
        .values(state=State.RUNNING)
    )
    c.execute(delete(parts).where(parts.c.job_id == job_id))
    c.execute(
        update(chunks)
        .where(chunks.c.job_id == job_id, chunks.c.state == ChunkState.CLOSED)
        .values(
            state=ChunkState.OPEN,
            attempt=chunks.c.attempt + 1,
            tries=0,
            due_at=None,
            losses_alone=0,
            claimed_by=None,
            lease_until=None,
        )
    )


def lost_worker() -> dict[str, Any]:
    return failure(
        "worker_lost", "each process that ran this job alone ended; retry it by hand", retryable=True
    )
