"""What the rows tell of the searches under way: how many wait, for how long, and how fast they end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from shared.db.engine import now
from shared.db.tables import jobs, workers
from shared.jobs.job import OPEN, State
from shared.jobs.kinds import JobKind
from shared.liveness import vision_seen
from shared.topology import LOOKUP

# Searches claimed or begun longer ago tell nothing of how far the queue has moved.
LATELY_S = 60
# What takes the time of vision workers while somebody waits for it.
COUNTED = (JobKind.SEARCH, JobKind.PRODUCT, JobKind.EXPLANATION)


@dataclass(frozen=True)
class Load:
    """`open` searches, writes and explanations; of the searches those `ahead` of one more.

    `at_once` of them are being served, by all live vision workers together, and the others wait.
    `service_s`, as the workers tell it, is the time of one search with all of them at it; None while none
    has done any. `ended`: searches that ended within the time asked for.
    """

    open: int
    ahead: int
    at_once: int
    head_age_s: float
    service_s: float | None
    ended: int

    @property
    def waiting(self) -> int:
        return max(0, self.ahead - self.at_once)


def read_load(
    c: Connection, *, max_wait: float, partial_after: float, ended_within: float, broker_works: bool
) -> Load:
    """Without a broker no message moves, so the age of the oldest is no measure."""
    counts = (
        select(
            jobs.c.kind,
            jobs.c.state,
            func.count().label("rows"),
            func.count().filter(_served_or_waiting(partial_after)).label("ahead"),
            (now() - func.min(jobs.c.sent_at)).label("age"),
        )
        .where(jobs.c.state.in_(OPEN), jobs.c.kind.in_(COUNTED))
        .group_by(jobs.c.kind, jobs.c.state)
    )
    found = {(row.kind, row.state): row for row in c.execute(counts)}
    queued = found.get((JobKind.SEARCH, State.QUEUED))
    ahead = sum(row.ahead for (kind, _), row in found.items() if kind == JobKind.SEARCH)
    head_age = 0.0 if queued is None or not broker_works else queued.age or 0.0
    if head_age > max_wait:
        head_age = _head_age(c)
    at_once, service_s = _told(c) if ahead else (0, None)
    return Load(
        open=sum(row.rows for row in found.values()),
        ahead=ahead,
        at_once=at_once,
        head_age_s=head_age,
        service_s=service_s,
        ended=_ended(c, ended_within) if ended_within and ahead > at_once else 0,
    )


def _served_or_waiting(partial_after: float) -> ColumnElement[bool]:
    """A search whose parts are late waits for a group that is away: it holds nobody up."""
    return or_(jobs.c.stage != LOOKUP.name, jobs.c.handed_at > now() - partial_after)


def _head_age(c: Connection) -> float:
    """Age of the oldest queued search whose message was sent after that of one claimed already.

    Older ones have lost their message: a keeper sends them again, and they hold nobody up.
    """
    passed = (
        select(func.coalesce(func.max(jobs.c.sent_at), 0.0))
        .where(
            jobs.c.kind == JobKind.SEARCH,
            jobs.c.state != State.QUEUED,
            # Bounded by the age of the row, which the index knows; a row is claimed after it is made.
            jobs.c.created_at > now() - LATELY_S,
            jobs.c.claimed_at >= jobs.c.sent_at,  # or the message of that claim was an older one
        )
        .scalar_subquery()
    )
    head = select(now() - func.min(jobs.c.sent_at)).where(
        jobs.c.kind == JobKind.SEARCH, jobs.c.state == State.QUEUED, jobs.c.sent_at > passed
    )
    return c.execute(head).scalar() or 0.0


def _ended(c: Connection, within: float) -> int:
    lately = and_(jobs.c.created_at > now() - LATELY_S, jobs.c.finished_at > now() - within)
    of_workers = jobs.c.state.in_((State.SUCCEEDED, State.REJECTED))
    query = select(func.count()).where(jobs.c.kind == JobKind.SEARCH, of_workers, lately)
    return int(c.execute(query).scalar_one())


def _told(c: Connection) -> tuple[int, float | None]:
    """How many searches all live vision workers serve at once, and the time of one with all at it."""
    stats = list(c.execute(select(workers.c.stats).where(vision_seen())).scalars())
    measured = [seconds for told in stats if (seconds := told.get("service_s") or 0.0) > 0]
    at_once = sum(int(told.get("at_once") or 0) for told in stats)
    return at_once, sum(measured) / len(measured) / len(stats) if measured else None
