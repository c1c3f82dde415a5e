"""Keepers and fairness with real processes, on a pair of database and broker that no other fleet stands on.

`TUSOU_TEST_LONG=1` takes all four pairs, and lets a keeper sleep for its whole minute.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import insert, select, update

from shared.db.engine import now
from shared.db.tables import erasures, jobs, rounds
from shared.dispatch import Dispatcher
from shared.errors import Unavailable
from shared.ids import new_id
from shared.jobs.job import State
from shared.topology import BULK_QUEUE, SEARCH_QUEUE, WRITE_QUEUE
from shared.wakeups import JOB_DONE, Listener
from tests.conftest import new_database
from tests.deployment import until
from tests.faults import brokers
from tests.faults.armed import noted
from tests.faults.fleet import Fleet, Member, fleet, timed
from tests.faults.hog import served_beside_many
from tests.faults.long import LONG, PAIRS
from tests.faults.shop import Shop, photo, stocked

pytestmark = [pytest.mark.xdist_group("pairs"), pytest.mark.timeout(400)]

PRODUCTS = 12
LOST = 6
DEAD_LETTERS = 5
PURGED = 4
# A keeper's round of each second has had its chance.
SOME_ROUNDS_S = 2.5
PAUSE_S = 60.0
WITHIN_S = 60.0
FIRST_DUE_S = 6.0
ENV = {
    # Whoever is slow here sends nothing again for it; a test says itself when rows are overdue.
    "TUSOU_FIRST_DUE": str(FIRST_DUE_S),
    "TUSOU_LOST_MESSAGE_AFTER": "40",
    "TUSOU_ERASE_WITHIN": "1",
}


@dataclass(frozen=True)
class Pair:
    """A fleet with its catalogue loaded, and the broker under it, which is not its own."""

    fleet: Fleet
    shop: Shop
    broker: str
    hints: str

    def waiting(self) -> int:
        """Searches in the broker that nobody has taken."""
        dispatcher = Dispatcher(self.broker)
        try:
            return dispatcher.ready(SEARCH_QUEUE.name)
        finally:
            dispatcher.close()

    def lose_messages(self) -> None:
        brokers.lose(self.broker, SEARCH_QUEUE.name, WRITE_QUEUE.name, BULK_QUEUE.name)

    def overdue(self) -> None:
        """As long afterwards as it takes until a keeper misses the messages of what waits."""
        with self.fleet.db.write() as c:
            c.execute(update(jobs).where(jobs.c.state == State.QUEUED).values(due_at=now() - 1))

    def lost_searches(self) -> list[str]:
        """As many, with nobody to take them, whose messages are gone; no vision worker runs afterwards."""
        for worker in self.fleet.of("vision"):
            worker.kill()
        ids = self.shop.accepted_for(range(LOST))
        until(lambda: self.waiting() >= LOST, within=WITHIN_S, what="every message in the broker")
        self.lose_messages()
        return ids


@pytest.fixture(scope="module", params=PAIRS if LONG else PAIRS[:1], ids="-".join)
def shared_pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    database, named = request.param
    redis = request.getfixturevalue("redis_server").url
    broker = request.getfixturevalue("rabbitmq").url if named == "rabbitmq" else redis
    env = {**ENV, "TUSOU_REDIS_URL": redis, "TUSOU_BROKER_URL": broker}
    home = tmp_path_factory.mktemp("pair") / "home"
    if database == "postgres":
        with new_database(request.getfixturevalue("postgres")) as url:
            yield from _served(home, {**env, "TUSOU_DATABASE_URL": url}, broker, redis)
    else:
        yield from _served(home, env, broker, redis)


def _served(home: Path, env: dict[str, str], broker: str, redis: str) -> Iterator[Pair]:
    brokers.lose(broker, SEARCH_QUEUE.name, WRITE_QUEUE.name, BULK_QUEUE.name)
    with (
        fleet(home, env, vision=2, keeper=3) as whole,
        stocked(whole.url, whole.data_folder, PRODUCTS) as shop,
    ):
        yield Pair(whole, shop, broker, redis)
    brokers.lose(broker, SEARCH_QUEUE.name, WRITE_QUEUE.name, BULK_QUEUE.name)


@pytest.fixture
def pair(shared_pair: Pair) -> Iterator[Pair]:
    """Whole before the test, and again after it."""
    yield shared_pair
    shared_pair.fleet.heal()
    shared_pair.shop.search_for(3)
    shared_pair.overdue()
    shared_pair.shop.all_found()


def test_ten_rows_of_another_tenant_are_searchable_at_once_and_searches_go_on(pair: Pair) -> None:
    served_beside_many(pair.fleet, pair.shop, PRODUCTS)


def test_without_a_keeper_jobs_end_whose_messages_arrive_and_the_others_once_one_starts(pair: Pair) -> None:
    for keeper in pair.fleet.of("keeper"):
        keeper.kill()
    pair.shop.accepted_for(range(PRODUCTS))
    assert pair.shop.all_found() == PRODUCTS

    ids = pair.lost_searches()
    for worker in pair.fleet.of("vision"):
        worker.start()
    pair.fleet.wait_for("vision")
    pair.overdue()
    time.sleep(SOME_ROUNDS_S)
    assert pair.waiting() == 0
    assert {pair.shop.job(job_id)["state"] for job_id in ids} == {"queued"}

    pair.fleet.of("keeper")[0].start()
    with timed("a keeper starts beside lost messages"):
        assert pair.shop.all_found() == LOST


def test_three_keepers_of_which_one_sleeps_and_wakes_do_nothing_twice(pair: Pair) -> None:
    ended: Counter[str] = Counter()
    listener = Listener(pair.hints, JOB_DONE, lambda job_id: ended.update([job_id]))
    purged = [finished(pair, n) for n in range(PURGED)]
    asleep, *others = pair.fleet.of("keeper")
    for keeper in (asleep, *others):
        keeper.kill()
    lost = pair.lost_searches()
    pair.overdue()
    fall_asleep(pair, asleep)
    began = time.monotonic()
    try:
        for keeper in others:
            keeper.start()
        given_up = last_losses(pair)
        for job_id in purged:
            pair.shop.delete(f"/v1/jobs/{job_id}?purge=true")
        if LONG:
            time.sleep(PAUSE_S)
        else:
            leases_lapse(pair)
            pair.overdue()
        until(lambda: pair.waiting() >= LOST, within=WITHIN_S, what="every lost message, sent again")
        until(lambda: failed(pair).keys() >= set(given_up), within=WITHIN_S, what="every dead letter")
        until(lambda: len(erased(pair)) == PURGED, within=WITHIN_S, what="every second date")
        until(lambda: ended.keys() >= set(given_up), within=WITHIN_S, what="who waits for them told")
        letters, dates = failed(pair), erased(pair)
        before = worked(asleep)
        until(lambda: time.monotonic() - began > FIRST_DUE_S, within=WITHIN_S, what="a long enough sleep")
    finally:
        asleep.signal(signal.SIGCONT)
    until(lambda: worked(asleep) > before + 0.1, within=WITHIN_S, what="its first rounds after its sleep")
    time.sleep(SOME_ROUNDS_S)

    assert failed(pair) == letters, "a dead letter stays as it is"
    assert {letter.losses_alone for letter in letters.values()} == {3}
    assert {job_id: ended[job_id] for job_id in given_up} == dict.fromkeys(given_up, 1), "told once"
    assert erased(pair) == dates, "a receipt's second date stays"
    sent = Counter(str(wire["id"]) for wire in brokers.take_all(pair.broker, SEARCH_QUEUE.name))
    assert sent == dict.fromkeys(lost, 1), "each lost message is sent again once"

    listener.close()
    for worker in pair.fleet.of("vision"):
        worker.start()
    pair.fleet.wait_for("vision")
    pair.overdue()  # as this test has taken the messages out
    assert pair.shop.all_found() == LOST


def finished(pair: Pair, number: int) -> str:
    """The id of a search that is done."""
    job_id = pair.shop.accepted(photo(number))
    assert pair.shop.end(job_id)["state"] == "succeeded"
    return job_id


def last_losses(pair: Pair) -> list[str]:
    """Searches that were lost alone twice, and whose worker is dead a third time."""
    lost = {"state": State.RUNNING, "suspect": True, "losses_alone": 2, "claimed_by": "dead", "attempt": 3}
    ids = [new_id() for _ in range(DEAD_LETTERS)]
    with pair.fleet.db.write() as c:
        one = dict(c.execute(select(jobs).where(jobs.c.kind == "search").limit(1)).one()._mapping)
        fresh = {**one, **lost, "stage": "embed", "result": None, "finished_at": None, "expires_at": None}
        c.execute(insert(jobs), [{**fresh, "id": job_id} for job_id in ids])
        c.execute(update(jobs).where(jobs.c.id.in_(ids)).values(lease_until=now() - 100, due_at=None))
    return ids


def failed(pair: Pair) -> dict[str, Any]:
    with pair.fleet.db.read() as c:
        return {row.id: row for row in c.execute(select(jobs).where(jobs.c.state == State.FAILED))}


def erased(pair: Pair) -> dict[str, float]:
    """{receipt: its second date}."""
    done = select(erasures.c.id, erasures.c.erased_at).where(erasures.c.erased_at.is_not(None))
    with pair.fleet.db.read() as c:
        return {row.id: row.erased_at for row in c.execute(done)}


def fall_asleep(pair: Pair, keeper: Member) -> None:
    """It has noted that it sends the lost messages again, and stands still before it does.

    But not while another of its threads is in a transaction, and so holds up everybody who writes to SQLite.
    """
    before = len(noted(pair.fleet.killed_at))
    keeper.start("resend.claimed", by=signal.SIGSTOP)
    until(lambda: len(noted(pair.fleet.killed_at)) > before, within=WITHIN_S, what="its sleep")
    while True:
        try:
            with pair.fleet.db.write():
                return
        except Unavailable:
            keeper.signal(signal.SIGCONT)
            time.sleep(0.1)
            keeper.signal(signal.SIGSTOP)


def leases_lapse(pair: Pair) -> None:
    """As after a minute: every round is there for whoever takes it."""
    with pair.fleet.db.write() as c:
        c.execute(update(rounds).values(lease_until=now() - 1))


def worked(keeper: Member) -> float:
    """Seconds that its processor has spent on it."""
    spent = psutil.Process(keeper.pid).cpu_times()
    return float(spent.user + spent.system)
