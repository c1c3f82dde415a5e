"""Leases that lapsed: their process is gone. Rows become suspects, which run alone.

Only a loss while alone counts. Three of them: a job is `failed`, `worker_lost`; a chunk is halved at
each, until one row is left, which becomes a row error at its third.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from shared.db.engine import now
from shared.db.tables import chunks, jobs, row_errors
from shared.errors import TusouError
from shared.jobs import chunks as chunk_rows
from shared.jobs.ends import close_chunks, finish, lost_worker
from shared.jobs.job import OPEN, ChunkState, State
from shared.kill_points import kill_point
from shared.storage import owners
from shared.telemetry import step
from workers.keeper.deps import Keeper

AT_ONCE = 200


def run(keeper: Keeper) -> None:
    _jobs(keeper)
    _chunks(keeper)


def grace(keeper: Keeper) -> float:
    """After the database was away, the living renew their claims at their next heartbeat: they come first."""
    return keeper.settings.heartbeat + 1.0


def _jobs(keeper: Keeper) -> None:
    lapsed = (jobs.c.state == State.RUNNING, jobs.c.lease_until < now() - grace(keeper))
    with keeper.db.read() as c:
        rows = list(c.execute(select(jobs).where(*lapsed).order_by(jobs.c.created_at).limit(AT_ONCE)))
    for row in rows:
        with step(
            "keeper.lapse", job_id=row.id, attempt=row.attempt, alone=row.suspect, lost_by=row.claimed_by
        ):
            _lost_job(keeper, row, lapsed)


def _lost_job(keeper: Keeper, row: Row[Any], lapsed: tuple[Any, ...]) -> None:
    losses = row.losses_alone + (1 if row.suspect else 0)
    done = False
    with keeper.db.write() as c:
        mine = c.execute(
            update(jobs)
            .where(jobs.c.id == row.id, jobs.c.attempt == row.attempt, *lapsed)
            .values(suspect=True, losses_alone=losses, lease_until=None, claimed_by=None, due_at=now())
        )
        kill_point("lapse.job_written")
        if mine.rowcount and losses >= keeper.settings.max_losses:
            done = finish(
                c,
                row.id,
                State.FAILED,
                attempt=row.attempt,
                keep_for=keeper.settings.kept_for(row.kind),
                error=lost_worker(),
            )
            close_chunks(c, row.id)  # of an import whose plan or end it was
            kill_point("lapse.job_given_up_written")
    kill_point("lapse.job_committed")
    if done:
        keeper.notifier.job_done(row.id)


def _chunks(keeper: Keeper) -> None:
    lapsed = (chunks.c.state == ChunkState.RUNNING, chunks.c.lease_until < now() - grace(keeper))
    with keeper.db.read() as c:
        rows = list(c.execute(select(chunks).where(*lapsed).limit(AT_ONCE)))
    for row in rows:
        with step(
            "keeper.chunk_lapse", job_id=row.job_id, chunk=row.no, alone=row.suspect, lost_by=row.claimed_by
        ):
            _lost_chunk(keeper, row, lapsed)


def _lost_chunk(keeper: Keeper, row: Row[Any], lapsed: tuple[Any, ...]) -> None:
    losses = row.losses_alone + (1 if row.suspect else 0)
    this = (chunks.c.job_id == row.job_id, chunks.c.no == row.no, chunks.c.attempt == row.attempt, *lapsed)
    size = row.row_to - row.row_from
    fault = None
    if row.suspect and size == 1 and losses >= keeper.settings.max_losses:
        fault = _row_error(keeper, row)
    with keeper.db.write() as c:
        if row.suspect and size > 1:
            # The job first, as every transaction does; of a cancelled import no halves are made.
            job = select(jobs.c.id).where(jobs.c.id == row.job_id, jobs.c.state.in_(OPEN)).with_for_update()
            if c.execute(job).one_or_none() is None:
                return
            if c.execute(update(chunks).where(*this).values(losses_alone=losses)).rowcount:
                chunk_rows.split(c, row)
                kill_point("lapse.halves_written")
        else:
            _mark_chunk(c, row, this, losses, fault)
    kill_point("lapse.chunk_committed")


def _mark_chunk(
    c: Connection, row: Row[Any], this: tuple[Any, ...], losses: int, fault: dict[str, Any] | None
) -> None:
    """It is open again for who is alone; with a `fault` it is done, and the error file tells of it."""
    values = {"suspect": True, "losses_alone": losses, "lease_until": None, "claimed_by": None}
    if fault is None:
        c.execute(update(chunks).where(*this).values(state=ChunkState.OPEN, **values))
    elif c.execute(update(chunks).where(*this).values(state=ChunkState.DONE, bad_rows=1, **values)).rowcount:
        c.execute(insert(row_errors).values(job_id=row.job_id, chunk=row.no, no=0, **fault))
        kill_point("lapse.row_given_up_written")


def _row_error(keeper: Keeper, row: Row[Any]) -> dict[str, Any]:
    """What stands in the error file for the one row that kills its worker."""
    fault = {
        "manifest": 0,
        "line": 0,
        "product_id": None,
        "field": None,
        "reason": "worker_lost",
        "detail": "each process that worked on this row alone ended",
    }
    try:
        with keeper.db.read() as c:
            body = owners.read(c, keeper.store, row.rows_object)
        record = json.loads(body.decode().split("\n")[row.row_from])
    except TusouError:
        return fault  # better a row error without its line than none
    return {
        **fault,
        "manifest": record["manifest"],
        "line": record["row"]["line"],
        "product_id": record["row"]["id"],
    }
