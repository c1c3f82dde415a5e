"""A real broker full of 10,000 waiting jobs, and a keeper beside it: it adds nothing to what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from shared.db import schema
from shared.db.engine import Database, now
from shared.db.tables import jobs
from shared.dispatch import Dispatcher
from shared.ids import new_id
from shared.topology import SEARCH_QUEUE
from tests.deployment import until
from tests.faults import brokers
from tests.faults.long import LONG, PAIRS
from tests.keeper_rig import accepted, new_keeper
from workers.keeper.deps import Keeper
from workers.keeper.rounds import redispatch

pytestmark = [pytest.mark.xdist_group("pairs"), pytest.mark.timeout(180)]

WAITING = 10_000
A_ROUND = 200
SENT_WITHIN_S = 30.0


@pytest.fixture(params=PAIRS if LONG else PAIRS[:2], ids="-".join)
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    """With a real dispatcher, and as many overdue searches as the broker will hold."""
    database, named = request.param
    url = f"sqlite:///{tmp_path / 'tusou.db'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres_url")
    broker = request.getfixturevalue("rabbitmq" if named == "rabbitmq" else "valkey")
    db = Database(url)
    schema.migrate(db)
    silent = new_keeper(db, tmp_path)
    settings = silent.settings.model_copy(update={"max_resends": A_ROUND, "redis_url": broker.url})
    keeper = replace(silent, settings=settings, dispatcher=Dispatcher(broker.url))
    brokers.lose(broker.url, SEARCH_QUEUE.name)
    many_overdue(keeper)
    yield keeper
    brokers.lose(broker.url, SEARCH_QUEUE.name)
    keeper.dispatcher.close()
    db.close()


def many_overdue(keeper: Keeper) -> None:
    accepted(keeper, age=60)
    with keeper.db.write() as c:
        one = dict(c.execute(select(jobs)).one()._mapping)
        c.execute(insert(jobs), [{**one, "id": new_id()} for _ in range(WAITING - 1)])


def ready(keeper: Keeper) -> int:
    return keeper.dispatcher.ready(SEARCH_QUEUE.name)


def one_round(keeper: Keeper) -> int:
    """How many rows it sent; every row that was not sent is overdue, as it is some seconds later."""
    with keeper.db.write() as c:
        began = c.execute(select(now())).scalar_one()
        c.execute(update(jobs).where(jobs.c.sent_at < began, jobs.c.due_at >= began).values(due_at=began - 1))
    redispatch.run(keeper)
    with keeper.db.read() as c:
        return int(c.execute(select(func.count()).where(jobs.c.sent_at >= began)).scalar_one())


def test_a_full_broker_is_left_alone_and_one_that_lacks_messages_gets_so_many_a_round(keeper: Keeper) -> None:
    brokers.fill(keeper.settings.redis_url, SEARCH_QUEUE.name, WAITING)
    assert [one_round(keeper) for _ in range(2)] == [0, 0]
    assert ready(keeper) == WAITING, "there are as many messages as rows: none is lost"

    brokers.lose(keeper.settings.redis_url, SEARCH_QUEUE.name)
    for number in (1, 2):
        assert one_round(keeper) == A_ROUND
        until(lambda n=number: ready(keeper) == n * A_ROUND, within=SENT_WITHIN_S, what="a round's messages")
