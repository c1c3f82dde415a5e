"""The time of a search that waits for its parts, kept by the keeper's tick and by whoever waits for the job.

all parts there     → succeeded (finish.py)
hedge_at has come   → missing parts are asked for again
partial_at has come → succeeded with the parts that are there, `partial: true`
answer_by has come  → failed, `index_unavailable`; never an empty success
"""

from __future__ import annotations

from sqlalchemy import Row, and_, bindparam, exists, or_, select, update

from shared.answer.finish import Finisher
from shared.db.engine import Database, now
from shared.db.tables import jobs, parts
from shared.dispatch import Dispatcher
from shared.jobs.job import State
from shared.messages import PartMessage
from shared.topology import INDEX_SEARCH, LOOKUP

AT_ONCE = 200

_TOO_LATE = jobs.c.answer_by < now()
_PARTIAL_DUE = and_(jobs.c.partial_at < now(), exists().where(parts.c.job_id == jobs.c.id))
_HEDGE_DUE = jobs.c.hedge_at < now()
_DUE = and_(
    jobs.c.state == State.RUNNING,
    jobs.c.stage == LOOKUP.name,
    or_(_HEDGE_DUE, _PARTIAL_DUE, _TOO_LATE),
)
# Built once: a waiting request runs the second four times a second.
_ALL_DUE = (
    select(jobs, _TOO_LATE.label("too_late"), _PARTIAL_DUE.label("partial_due"))
    .where(_DUE)
    .order_by(jobs.c.created_at)
    .limit(AT_ONCE)
)
_STANDING = select(jobs.c.state, _DUE.label("due")).where(jobs.c.id == bindparam("job_id"))


def standing(db: Database, job_id: str) -> tuple[State, bool] | None:
    """The job's state, and whether its time has to be kept now; None for an unknown id."""
    with db.read() as c:
        row = c.execute(_STANDING, {"job_id": job_id}).one_or_none()
    return None if row is None else (State(row.state), bool(row.due))


def keep_time(db: Database, finisher: Finisher, dispatcher: Dispatcher, job_id: str | None = None) -> int:
    """One tick for all searches, or for one: hedge, finish what may be partial, end what is too late.

    Safe in any number of processes: hedging claims `hedge_at` in one UPDATE, finishing is one UPDATE.
    """
    query = _ALL_DUE if job_id is None else _ALL_DUE.where(jobs.c.id == job_id)
    with db.read() as c:
        rows = list(c.execute(query))
    for row in rows:
        if row.too_late:
            finisher.fail(
                row.id,
                row.attempt,
                "index_unavailable",
                "no index worker answered in time; try again",
                retryable=True,
            )
        elif not (row.partial_due and finisher.with_what_is_there(row)):
            _hedge(db, dispatcher, row)
    return len(rows)


def _hedge(db: Database, dispatcher: Dispatcher, row: Row[tuple[object, ...]]) -> None:
    with db.write() as c:
        # Each time the search is twice as old: a message lost with its broker is sent again, and a slow
        # group is not flooded.
        mine = c.execute(
            update(jobs)
            .where(jobs.c.id == row.id, jobs.c.attempt == row.attempt, jobs.c.hedge_at == row.hedge_at)
            .values(hedge_at=now() + (now() - jobs.c.handed_at))
        )
        if not mine.rowcount:
            return
        came = set(c.execute(select(parts.c.group).where(parts.c.job_id == row.id)).scalars())
    for group in row.groups:
        if group not in came:
            dispatcher.send(INDEX_SEARCH, PartMessage(row.id, group, row.attempt), group=group)
