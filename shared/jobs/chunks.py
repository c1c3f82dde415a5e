"""Chunks of an import: at most 256 rows, claimed one by one.

open → running → done; a suspect lost while alone is `split` into its halves; `closed` is fenced off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select, update

from shared.db.engine import Database, now
from shared.db.tables import chunks, jobs
from shared.errors import LostClaim, TusouError
from shared.index.log import Positions
from shared.jobs.ends import close_chunks, finish
from shared.jobs.job import OPEN, ChunkState, State, failure
from shared.jobs.turns import open_chunks, served

# The `chunk` of row errors that the plan found; no chunk has this number.
PLAN_CHUNK = 2**31 - 1
# Order among the manifests of one import: number of the manifest × this + line.
LINES_PER_MANIFEST = 10**12


@dataclass(frozen=True)
class Chunk:
    """A claimed chunk; every write carries `attempt`."""

    job_id: str
    no: int
    tenant: str
    attempt: int
    rows_object: str
    row_from: int
    row_to: int
    tries: int  # this one is the tries-th


def add(
    c: Connection, db: Database, *, job_id: str, no: int, tenant: str, rows_object: str, rows: int
) -> bool:
    """False when a plan before this one has added it."""
    added = c.execute(
        db.insert(chunks)
        .values(
            job_id=job_id, no=no, tenant=tenant, rows_object=rows_object, row_from=0, row_to=rows, **_FRESH
        )
        .on_conflict_do_nothing(index_elements=["job_id", "no"])
        .returning(chunks.c.no)
    )
    return added.one_or_none() is not None


_FRESH: dict[str, Any] = {
    "state": ChunkState.OPEN,
    "attempt": 0,
    "tries": 0,
    "suspect": False,
    "losses_alone": 0,
    "products": 0,
    "images": 0,
    "embedded": 0,
    "bad_rows": 0,
}


def claim(c: Connection, db: Database, job_id: str, *, by: str, lease: float, alone: bool) -> Chunk | None:
    """The next open chunk of an import, whose tenant has been served with it."""
    waiting = (chunks.c.job_id == job_id, *open_chunks(alone))
    wanted = exists().where(jobs.c.id == chunks.c.job_id, jobs.c.state.in_(OPEN))
    pick = (
        select(chunks.c.no)
        .where(*waiting, wanted)
        .order_by(chunks.c.no)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = c.execute(pick).scalar()
    if found is None:
        return None
    row = c.execute(
        update(chunks)
        .where(chunks.c.no == found, *waiting)
        .values(
            state=ChunkState.RUNNING,
            attempt=chunks.c.attempt + 1,
            due_at=None,
            claimed_by=by,
            claimed_at=now(),
            lease_until=now() + lease,
        )
        .returning(chunks)
    ).one_or_none()
    if row is None:
        return None
    served(c, db, row.tenant)
    return Chunk(
        row.job_id, row.no, row.tenant, row.attempt, row.rows_object, row.row_from, row.row_to, row.tries + 1
    )


def fence(c: Connection, chunk: Chunk, **values: Any) -> None:
    """Write under the claim. Raises LostClaim. The first lock of the append transaction."""
    done = c.execute(update(chunks).where(*_mine(chunk)).values(**values))
    if not done.rowcount:
        raise LostClaim(f"chunk {chunk.job_id}/{chunk.no} is no longer at attempt {chunk.attempt}")


def reached(c: Connection, chunk: Chunk, positions: Positions) -> None:
    """Note which version shows a chunk that is done."""
    versions = {str(shard): list(place) for shard, place in positions.items()}
    c.execute(
        update(chunks)
        .where(chunks.c.job_id == chunk.job_id, chunks.c.no == chunk.no)
        .values(versions=versions)
    )


def reopen(c: Connection, chunk: Chunk, *, after_s: float) -> None:
    """Give the claim up; the chunk is due again after so many seconds."""
    c.execute(
        update(chunks)
        .where(*_mine(chunk))
        .values(
            state=ChunkState.OPEN,
            claimed_by=None,
            lease_until=None,
            due_at=now() + after_s,
            tries=chunks.c.tries + 1,
        )
    )


def _mine(chunk: Chunk) -> tuple[Any, ...]:
    return (
        chunks.c.job_id == chunk.job_id,
        chunks.c.no == chunk.no,
        chunks.c.attempt == chunk.attempt,
        chunks.c.state == ChunkState.RUNNING,
    )


def fail_import(c: Connection, chunk: Chunk, error: TusouError, *, keep_for: float) -> None:
    """End the import for what its chunk met; the job is locked first, as ever. Raises LostClaim."""
    told = failure(error.code, error.detail, retryable=True)
    if not finish(c, chunk.job_id, State.FAILED, keep_for=keep_for, error=told):
        raise LostClaim(f"import {chunk.job_id} has ended")
    fence(c, chunk, state=ChunkState.OPEN, claimed_by=None, lease_until=None)
    close_chunks(c, chunk.job_id)


def split(c: Connection, row: Row[Any]) -> None:
    """Replace a chunk that kills its worker by its two halves, so that the bad row is found."""
    done = c.execute(
        update(chunks)
        .where(chunks.c.job_id == row.job_id, chunks.c.no == row.no, chunks.c.attempt == row.attempt)
        .values(state=ChunkState.SPLIT, attempt=chunks.c.attempt + 1, claimed_by=None, lease_until=None)
    )
    if not done.rowcount:
        return
    middle = (row.row_from + row.row_to) // 2
    # Numbers that no plan gives: below zero.
    lowest = c.execute(select(func.min(chunks.c.no)).where(chunks.c.job_id == row.job_id)).scalar_one()
    first = min(lowest, 0) - 1
    for no, start, end in ((first, row.row_from, middle), (first - 1, middle, row.row_to)):
        values = {**_FRESH, "suspect": True, "row_from": start, "row_to": end}
        c.execute(
            insert(chunks).values(
                job_id=row.job_id, no=no, tenant=row.tenant, rows_object=row.rows_object, **values
            )
        )
