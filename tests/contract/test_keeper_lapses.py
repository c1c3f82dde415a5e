"""What a process that died had claimed, on both databases: no innocent is blamed."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from shared.db.engine import Database, now
from shared.db.tables import chunks, jobs, row_errors
from shared.errors import LostClaim, TusouError
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims, ends, store
from shared.jobs.chunks import Chunk
from shared.jobs.job import State
from shared.jobs.turns import Turn, next_turn
from shared.topology import CHUNKS, EMBED
from tests.keeper_rig import accepted, imported, new_keeper, row
from workers.keeper.deps import Keeper
from workers.keeper.rounds import lapses


@pytest.fixture
def keeper(db: Database, tmp_path: Path) -> Keeper:
    return new_keeper(db, tmp_path)


def claim(keeper: Keeper, job_id: str, *, alone: bool = False, lease: float = -10.0):
    with keeper.db.write() as c:
        return claims.claim(c, job_id, EMBED.name, by="dead", lease=lease, alone=alone)


def test_a_lapsed_job_becomes_a_suspect_and_its_first_loss_does_not_count(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    claim(keeper, job_id)
    lapses.run(keeper)
    found = row(keeper, job_id)
    assert (found.suspect, found.losses_alone, found.state, found.claimed_by) == (True, 0, "running", None)


def test_three_losses_while_alone_make_a_dead_letter_that_can_be_retried(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    claim(keeper, job_id)
    lapses.run(keeper)
    for _ in range(3):
        assert row(keeper, job_id).state == "running"
        assert claim(keeper, job_id, alone=True) is not None
        lapses.run(keeper)
    found = row(keeper, job_id)
    assert (found.state, found.error["code"], found.error["retryable"]) == ("failed", "worker_lost", True)
    assert keeper.notifier.done == [job_id]
    with keeper.db.write() as c:
        assert ends.retry(c, "shop", job_id, due_in=5).losses_alone == 0


def test_a_worker_that_wakes_before_its_successor_may_still_finish(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    paused = claim(keeper, job_id)
    lapses.run(keeper)
    with keeper.db.write() as c:
        store.save_stage(c, job_id, paused.attempt, stage="lookup")
    assert row(keeper, job_id).suspect is False


def test_a_worker_that_wakes_beside_its_successor_changes_nothing(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    paused = claim(keeper, job_id)
    lapses.run(keeper)
    assert claim(keeper, job_id, alone=True, lease=20) is not None
    with pytest.raises(LostClaim), keeper.db.write() as c:
        store.save_stage(c, job_id, paused.attempt, stage="lookup")


def claim_chunk(c: Connection, keeper: Keeper, *, by: str, lease: float, alone: bool) -> Chunk | None:
    turn = next_turn(c, alone=alone, fingerprint=None)
    return turn and chunk_rows.claim(c, keeper.db, turn.job_id, by=by, lease=lease, alone=alone)


def lose_chunk(keeper: Keeper, *, alone: bool) -> bool:
    """Claim the next chunk in a process that dies."""
    with keeper.db.write() as c:
        found = claim_chunk(c, keeper, by="dead", lease=-10, alone=alone)
    lapses.run(keeper)
    return found is not None


def test_the_one_row_that_kills_its_worker_becomes_a_row_error_and_the_others_are_left(
    keeper: Keeper,
) -> None:
    job_id = imported(keeper, rows=4)
    assert lose_chunk(keeper, alone=False)
    deaths = 0
    with keeper.db.write() as c:
        good = claim_chunk(c, keeper, by="x", lease=20, alone=False)
    assert good is None, "a suspect is claimed by nobody who is not alone"
    while deaths < 40:
        with keeper.db.write() as c:
            found = claim_chunk(c, keeper, by="dead", lease=-10, alone=True)
            if found is None:
                break
            if not found.row_from <= 2 < found.row_to:  # without the bad row it ends well
                chunk_rows.fence(c, found, state="done")
                continue
        deaths += 1
        lapses.run(keeper)
    with keeper.db.read() as c:
        errors = list(c.execute(select(row_errors)))
        left = list(c.execute(select(chunks).where(chunks.c.state.in_(("open", "running")))))
        assert next_turn(c, alone=False, fingerprint=None) == Turn("shop", job_id, CHUNKS.name)
    assert [(e.line, e.product_id, e.reason) for e in errors] == [(4, "p2", "worker_lost")]
    assert left == []
    assert deaths == 5, "4 rows, 2 rows, then one row three times"


def fail_chunk(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        found = claim_chunk(c, keeper, by="w", lease=20, alone=False)
        assert found is not None
        chunk_rows.fail_import(c, found, TusouError("away", retryable=True), keep_for=60)


def test_an_import_retried_by_hand_does_its_chunks_again_and_may_fail_again(keeper: Keeper) -> None:
    job_id = imported(keeper, rows=4)
    for _ in range(2):
        fail_chunk(keeper)
        assert row(keeper, job_id).state == "failed"
        with keeper.db.write() as c:
            assert next_turn(c, alone=False, fingerprint=None) is None
            ends.retry(c, "shop", job_id, due_in=5)
        assert row(keeper, job_id).state == "running"
    with keeper.db.write() as c:
        found = claim_chunk(c, keeper, by="w", lease=20, alone=False)
        assert found is not None
        assert found.tries == 1


def test_chunks_of_a_cancelled_import_are_not_claimed(keeper: Keeper) -> None:
    job_id = imported(keeper, rows=4)
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.CANCELLED))
        assert claim_chunk(c, keeper, by="w", lease=20, alone=False) is None


def test_a_chunk_that_was_put_off_waits_for_its_time(keeper: Keeper) -> None:
    imported(keeper, rows=4)
    with keeper.db.write() as c:
        found = claim_chunk(c, keeper, by="w", lease=20, alone=False)
        assert found is not None
        chunk_rows.reopen(c, found, after_s=60)
        assert claim_chunk(c, keeper, by="w", lease=20, alone=False) is None
        c.execute(update(chunks).values(due_at=now() - 1))
        assert claim_chunk(c, keeper, by="w", lease=20, alone=False) is not None
