"""The keeper's rounds, on both databases: they refill a broker without flooding it."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from shared.db.engine import Database, now
from shared.db.round_lease import take
from shared.db.tables import jobs, rounds
from shared.errors import Unavailable
from shared.jobs import claims, store
from shared.topology import EMBED, EMBED_WRITE
from tests.keeper_rig import accepted, new_keeper, row
from workers.keeper.deps import Keeper
from workers.keeper.rounds import redispatch
from workers.keeper.schedule import Round, Schedule


@pytest.fixture
def keeper(db: Database, tmp_path: Path) -> Keeper:
    return new_keeper(db, tmp_path)


def claim(keeper: Keeper, job_id: str, *, alone: bool = False, lease: float = -10.0):
    with keeper.db.write() as c:
        return claims.claim(c, job_id, EMBED.name, by="dead", lease=lease, alone=alone)


def sent(keeper: Keeper) -> list[str]:
    return [message.id for _, message, _ in keeper.dispatcher.sent]


def test_an_emptied_broker_refills_oldest_first_and_no_more_than_a_round_may(keeper: Keeper) -> None:
    ids = [accepted(keeper, age=100 - n) for n in range(5)]
    redispatch.run(keeper)
    assert sent(keeper) == ids[:3]
    redispatch.run(keeper)
    assert sent(keeper) == ids


def test_a_round_has_its_limit_for_all_queues_together_and_none_waits_for_another(keeper: Keeper) -> None:
    searches = [accepted(keeper, age=100 - n) for n in range(5)]
    writes = [accepted(keeper, age=50 - n, stage=EMBED_WRITE, kind="product") for n in range(5)]
    redispatch.run(keeper)
    assert sent(keeper) == [searches[0], *writes[:2]]
    redispatch.run(keeper)
    assert set(sent(keeper)) == {*searches[:2], *writes[:4]}
    for _ in range(2):
        redispatch.run(keeper)
    assert len(sent(keeper)) == len(set(sent(keeper))) == 10


def test_a_full_broker_is_left_alone_and_the_rows_wait(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 10_000
    job_id = accepted(keeper, age=30)
    redispatch.run(keeper)
    redispatch.run(keeper)
    assert sent(keeper) == []
    assert row(keeper, job_id).due_at > row(keeper, job_id).created_at + 30


def test_a_broker_with_more_than_a_round_and_fewer_messages_than_rows_is_refilled(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 4
    ids = [accepted(keeper, age=100 - n) for n in range(5)]
    redispatch.run(keeper)
    assert sent(keeper) == ids[:3]


def test_a_row_overtaken_by_one_sent_well_after_it_has_lost_its_message(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 10_000
    lost, young = accepted(keeper, age=30), accepted(keeper, age=6)
    overtaker = accepted(keeper, age=15)
    claim(keeper, overtaker, lease=20)
    redispatch.run(keeper)
    assert sent(keeper) == [lost]
    assert young not in sent(keeper)


def test_a_row_whose_newer_message_nobody_has_claimed_overtakes_nothing(keeper: Keeper) -> None:
    """It was claimed, put off and sent again: behind the others, as its message is."""
    keeper.dispatcher.waiting = 10_000
    waiting = accepted(keeper, age=30)
    put_off = accepted(keeper, age=40)
    claim(keeper, put_off, lease=20)
    with keeper.db.write() as c:
        c.execute(
            update(jobs)
            .where(jobs.c.id == put_off)
            .values(claimed_at=now() - 35, lease_until=None, sent_at=now(), due_at=now() + 5)
        )
    redispatch.run(keeper)
    assert waiting not in sent(keeper)


def test_rows_that_are_not_due_or_under_a_lease_are_not_sent(keeper: Keeper) -> None:
    accepted(keeper, age=1)
    claim(keeper, accepted(keeper, age=60), lease=20)
    redispatch.run(keeper)
    assert sent(keeper) == []


def test_a_broker_that_is_away_changes_no_row(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = -1
    job_id = accepted(keeper, age=60)
    before = row(keeper, job_id)
    with pytest.raises(Unavailable):
        redispatch.run(keeper)
    assert row(keeper, job_id) == before


def test_three_keepers_send_a_row_once(keeper: Keeper) -> None:
    accepted(keeper, age=60)
    with keeper.db.read() as c:
        _, late = store.overdue(c, [EMBED.name], 10)
    assert [redispatch._claim_sending(keeper, late[0]) for _ in range(3)] == [True, False, False]


def test_a_round_of_another_keeper_is_left_alone_until_its_lease_has_lapsed(keeper: Keeper) -> None:
    ran: list[str] = []
    this = Round("r", 1.0, lambda its: ran.append(its.settings.process))
    mine = keeper.settings.process
    other = replace(keeper, settings=keeper.settings.model_copy(update={"process": "keeper-2"}))
    first, second = Schedule(keeper, (this,)), Schedule(other, (this,))
    first.turn(this)
    second.turn(this)
    assert ran == [mine]
    with keeper.db.write() as c:
        c.execute(update(rounds).values(lease_until=now() - 1))
    second.turn(this)
    assert ran == [mine, "keeper-2"]
    assert not take(keeper.db, "r", mine, seconds=10), "who was paused meanwhile has lost it"
