"""Work that was under way at the moment of a dump: nobody does it any more, so it is begun again.

No process of that moment counts as lost, and none that lives on can write under a claim of it. Everything
that was promised is done: writes, imports and trainings go on from the stage that they had reached, and a
search starts over, as its time to answer has passed.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, delete, or_, update

from shared.db.engine import now
from shared.db.tables import chunks, erasures, jobs, parts, shards
from shared.jobs.job import OPEN, ChunkState
from shared.jobs.kinds import JobKind
from shared.topology import EMBED


def begin_again(c: Connection) -> int:
    """Returns how many jobs were open."""
    again = c.execute(
        update(jobs)
        .where(jobs.c.state.in_(OPEN))
        .values(
            attempt=jobs.c.attempt + 1,
            lease_until=None,
            claimed_by=None,
            # An import that waits for its chunks is due at no time of its own.
            due_at=case((or_(jobs.c.due_at.is_not(None), jobs.c.lease_until.is_not(None)), now())),
        )
    )
    searches = (jobs.c.state.in_(OPEN), jobs.c.kind == JobKind.SEARCH)
    over = ("outcome", "parts_left", "groups", "index_id", "handed_at", "hedge_at", "partial_at", "answer_by")
    c.execute(update(jobs).where(*searches).values(stage=EMBED.name, due_at=now(), **dict.fromkeys(over)))
    c.execute(delete(parts))
    c.execute(
        update(chunks)
        .where(chunks.c.state == ChunkState.RUNNING)
        .values(state=ChunkState.OPEN, attempt=chunks.c.attempt + 1, lease_until=None, claimed_by=None)
    )
    c.execute(update(shards).values(seal_holder=None, seal_lease_until=None))
    c.execute(update(erasures).values(unwritten=None))  # files of another database
    return again.rowcount
