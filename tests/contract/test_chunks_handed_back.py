"""Chunks that a process gives back while it goes on, on both databases."""

from pathlib import Path

from sqlalchemy import insert, select, update

from shared.db.engine import Database, now
from shared.db.tables import chunks
from shared.jobs import claims
from tests.keeper_rig import imported, new_keeper

HERE, OTHER = "vision-1", "vision-2"


def running(db: Database, job_id: str, *held_by: str) -> None:
    """One more chunk of the import for each of these processes, numbered from 1."""
    with db.write() as c:
        first = c.execute(select(chunks).where(chunks.c.job_id == job_id)).mappings().one()
        claim = {"state": "running", "attempt": 1, "lease_until": now() + 20}
        for no, process in enumerate(held_by, start=1):
            c.execute(insert(chunks).values({**first, "no": no, "claimed_by": process}))
            c.execute(update(chunks).where(chunks.c.no == no).values(claim))


def test_what_this_process_does_not_work_on_is_open_and_the_rest_goes_on(
    db: Database, tmp_path: Path
) -> None:
    keeper = new_keeper(db, tmp_path)
    mine, another = imported(keeper, rows=1), imported(keeper, rows=1)
    running(db, mine, HERE, HERE, OTHER)
    with db.write() as c:
        c.execute(
            update(chunks)
            .where(chunks.c.job_id == another)
            .values(state="running", claimed_by=HERE, attempt=1)
        )
        claims.hand_back_chunks(c, HERE, mine, spare=[2])
    with db.read() as c:
        rows = c.execute(select(chunks).order_by(chunks.c.no)).all()
    told = {(row.job_id, row.no): (row.state, row.claimed_by, row.attempt, row.suspect) for row in rows}
    assert told == {
        (mine, 0): ("open", None, 0, False),
        (mine, 1): ("open", None, 2, False),
        (mine, 2): ("running", HERE, 1, False),
        (mine, 3): ("running", OTHER, 1, False),
        (another, 0): ("running", HERE, 1, False),
    }
