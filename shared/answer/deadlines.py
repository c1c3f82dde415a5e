"""The time of a search that waits for its parts, kept by the keeper's tick and by whoever waits for the job.

all parts there     → succeeded (finish.py)
hedge_at has come   → missing parts are asked for again
partial_at has come → succeeded with the parts that are there, `partial: true`; not without a part that a
                      `min_version` names, for that would be a silently older answer
answer_by has come  → failed, `index_unavailable` or `version_not_reached`; never an empty success
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select, update

from shared.answer.finish import Finisher
from shared.db.engine import Database, now
from shared.db.tables import jobs, parts
from shared.dispatch import Dispatcher
from shared.index.placement import groups_seen
from shared.index.versions import Version
from shared.jobs.job import State
from shared.jobs.search_request import SearchRequest
from shared.kill_points import kill_point
from shared.messages import PartMessage
from shared.topology import INDEX_SEARCH, LOOKUP

AT_ONCE = 200
LOOK_AGAIN_S = 0.5

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
    select(
        jobs,
        _TOO_LATE.label("too_late"),
        _PARTIAL_DUE.label("partial_due"),
        _HEDGE_DUE.label("hedge_due"),
    )
    .where(_DUE)
    .order_by(jobs.c.created_at)
    .limit(AT_ONCE)
)
_STATE_AND_DUE = select(jobs.c.state, _DUE.label("due")).where(jobs.c.id == bindparam("job_id"))


class StateAndDue(NamedTuple):
    """The state of a job, and whether its time has to be kept now."""

    state: State
    due: bool


def state_and_due(db: Database, job_id: str) -> StateAndDue | None:
    """None for an unknown id."""
    with db.read() as c:
        row = c.execute(_STATE_AND_DUE, {"job_id": job_id}).one_or_none()
    return None if row is None else StateAndDue(State(row.state), bool(row.due))


def keep_time(
    db: Database,
    finisher: Finisher,
    dispatcher: Dispatcher,
    *,
    replica_seen: float,
    job_id: str | None = None,
) -> int:
    """One tick for all searches, or for one: hedge, finish what may be partial, end what is too late.

    A group unseen for `replica_seen` seconds is not asked again. Safe in any number of processes: hedging
    claims `hedge_at` in one UPDATE, finishing is one UPDATE.
    """
    query = _ALL_DUE if job_id is None else _ALL_DUE.where(jobs.c.id == job_id)
    with db.read() as c:
        rows = list(c.execute(query))
    for row in rows:
        if row.too_late:
            finisher.fail(row.id, row.attempt, *_why_late(db, row), retryable=True)
        elif row.partial_due and not _owed(db, row) and finisher.with_what_is_there(row):
            continue
        elif row.hedge_due:
            _hedge(db, dispatcher, row, replica_seen)
    return len(rows)


def _why_late(db: Database, row: Row[Any]) -> tuple[str, str]:
    """Code and detail."""
    if owed := _owed(db, row):
        named = ", ".join(map(str, owed))
        return "version_not_reached", f"shards {named} did not show this version in time; search again"
    return "index_unavailable", "no index worker answered in time; try again"


def _owed(db: Database, row: Row[Any]) -> list[int]:
    """Shards that the search's `min_version` names and whose part has not come."""
    version = SearchRequest.from_json(row.request).min_version
    if version is None:
        return []
    with db.read() as c:
        came = _came(c, row.id)
    named = Version.decode(version).positions
    return sorted(
        shard
        for group, shards in row.groups.items()
        if group not in came
        for shard in shards
        if shard in named
    )


def _came(c: Connection, job_id: str) -> set[str]:
    return set(c.execute(select(parts.c.group).where(parts.c.job_id == job_id)).scalars())


def _hedge(db: Database, dispatcher: Dispatcher, row: Row[Any], replica_seen: float) -> None:
    with db.write() as c:
        # Nobody would read it, and a queue without readers grows for as long as its group is away.
        asked = (set(row.groups) - _came(c, row.id)) & groups_seen(c, replica_seen)
        # Each time the search is twice as old: a message lost with its broker is sent again, and a slow
        # group is not flooded. One that is away may be back in a moment, after the database itself was away.
        wait = now() - jobs.c.handed_at if asked else LOOK_AGAIN_S
        mine = c.execute(
            update(jobs)
            .where(jobs.c.id == row.id, jobs.c.attempt == row.attempt, jobs.c.hedge_at == row.hedge_at)
            .values(hedge_at=now() + wait)
        )
    kill_point("keep_time.hedge_committed")
    if mine.rowcount:
        for group in sorted(asked):
            dispatcher.send(INDEX_SEARCH, PartMessage(row.id, group, row.attempt), group=group)
            kill_point("keep_time.part_asked")
