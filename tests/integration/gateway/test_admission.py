"""Admission: overload is told before anything is stored."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from services.gateway.load import admission
from services.gateway.load.reading import Load, read_load
from shared.db.engine import now
from shared.db.tables import images, jobs, objects, workers
from shared.ids import new_id
from tests.gateway_rig import Gateway
from tests.integration.gateway.conftest import Open


@pytest.fixture
def busy(gateway_anywhere: Gateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Its figures are read anew for each request."""
    monkeypatch.setattr(admission, "REMEMBERED_S", 0.0)
    gateway_anywhere.make_catalog()
    return gateway_anywhere


def add_search(gateway: Gateway, sent_ago: float, state: str = "queued", **values: Any) -> str:
    job_id = str(gateway.client.post("/v1/searches", json={"image_url": "https://a/b"}).json["id"])
    with gateway.db.write() as c:
        row = {"sent_at": now() - sent_ago, "state": state, **values}
        c.execute(update(jobs).where(jobs.c.id == job_id).values(row))
    return job_id


def add_ended(gateway: Gateway, count: int) -> None:
    """Searches that have just ended; those that wait are young meanwhile."""
    made = {"attempt": 1, "tries": 0, "suspect": False, "losses_alone": 0, "request": {}, "timings_ms": {}}
    row = {"tenant": "default", "kind": "search", "state": "succeeded", "stage": "lookup", **made}
    times = {"created_at": now(), "finished_at": now()}
    with gateway.db.write() as c:
        for _ in range(count):
            c.execute(insert(jobs).values(id=new_id(), **row, **times))
        c.execute(update(jobs).where(jobs.c.state == "queued").values(sent_at=now()))


def add_worker(gateway: Gateway, service_s: float, seen_ago: float = 0.0, at_once: int = 0) -> None:
    with gateway.db.write() as c:
        stats = {"service_s": service_s, "at_once": at_once}
        row = {"process": f"v{service_s}{seen_ago}", "kind": "vision", "stats": stats}
        c.execute(insert(workers).values(seen_at=now() - seen_ago, **row))


def load(gateway: Gateway, *, ended_within: float = 0.0) -> Load:
    settings = gateway.settings
    with gateway.db.read() as c:
        return read_load(
            c,
            max_wait=settings.max_queue_wait,
            partial_after=settings.partial_after,
            ended_within=ended_within,
            broker_works=True,
        )


def test_a_queue_that_does_not_move_refuses_and_stores_nothing(busy: Gateway) -> None:
    add_search(busy, 3.5)
    answer = busy.search()
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")
    assert answer.json["retryable"] is True
    assert 2 <= int(answer.headers["Retry-After"]) <= 4
    assert busy.rows(objects) == busy.rows(images) == []


def test_a_young_queue_takes_more(busy: Gateway) -> None:
    add_search(busy, 0.0)
    assert busy.search().status_code == 202


def test_searches_that_lost_their_message_hold_nobody_up(busy: Gateway) -> None:
    """A search sent later was claimed already: the older one waits for the keeper, not for a worker."""
    add_search(busy, 0.5, "running", claimed_at=now())
    with busy.db.write() as c:
        c.execute(update(jobs).values(sent_at=now() - 0.5))
    lost = add_search(busy, 20.0)
    assert load(busy).head_age_s == 0.0
    assert busy.search().status_code == 202
    assert lost


def test_a_queue_behind_a_claimed_search_is_as_old_as_its_own_head(busy: Gateway) -> None:
    add_search(busy, 5.0, "running", claimed_at=now())
    add_search(busy, 0.0)
    with busy.db.write() as c:
        c.execute(update(jobs).where(jobs.c.state == "queued").values(sent_at=now() - 3.0))
    assert load(busy).head_age_s == pytest.approx(3.0, abs=1.0)


def test_a_search_that_was_sent_again_and_not_claimed_since_has_passed_nobody(busy: Gateway) -> None:
    """Its claim belongs to the message before."""
    add_search(busy, 0.0, "running", claimed_at=now() - 30)
    with busy.db.write() as c:
        c.execute(update(jobs).values(sent_at=now()))
    add_search(busy, 5.0)
    assert load(busy).head_age_s == pytest.approx(5.0, abs=1.0)


def test_without_a_broker_age_is_no_measure(busy: Gateway) -> None:
    add_search(busy, 30.0)
    busy.dispatcher.healthy = False
    assert busy.search().status_code == 202


def test_the_estimated_wait_is_what_is_ahead_times_the_time_of_one_search(busy: Gateway) -> None:
    for _ in range(3):
        add_search(busy, 0.0)
    add_worker(busy, 0.4)
    assert load(busy).service_s == pytest.approx(0.4)
    assert busy.search().status_code == 429
    add_worker(busy, 0.2)
    assert load(busy).service_s == pytest.approx(0.15)
    assert busy.search().status_code == 202


def test_searches_that_are_served_at_once_wait_for_nobody(busy: Gateway) -> None:
    add_worker(busy, 0.3, at_once=3)
    for _ in range(5):
        add_search(busy, 0.0)
    assert (load(busy).ahead, load(busy).waiting) == (5, 2)
    assert busy.search().status_code == 202
    assert busy.search().status_code == 429


def test_a_search_is_ahead_until_it_ends_unless_it_waits_for_a_group_that_is_away(busy: Gateway) -> None:
    add_search(busy, 0.0)
    add_search(busy, 0.0, "running", stage="embed")
    add_search(busy, 0.0, "running", stage="lookup", handed_at=now())
    add_search(busy, 0.0, "running", stage="lookup", handed_at=now() - 5)
    add_search(busy, 0.0, "succeeded", finished_at=now())
    assert load(busy).ahead == 3


def test_only_what_ended_lately_tells_the_pace_and_only_while_searches_wait(busy: Gateway) -> None:
    for ago in (0.5, 1.0, 10.0):
        add_search(busy, 20.0, "succeeded", finished_at=now() - ago)
    assert load(busy, ended_within=3.0).ended == 0
    add_search(busy, 0.0)
    assert load(busy, ended_within=3.0).ended == 2


def test_the_pace_that_is_measured_counts_more_than_what_workers_tell(busy: Gateway) -> None:
    add_worker(busy, 0.001)
    for _ in range(4):
        add_search(busy, 0.0)
    assert busy.search().status_code == 202, "by what the workers tell"
    busy.deps.admission._waited_since -= admission.PACE_OVER_S  # so long have they waited
    assert busy.search().status_code == 429, "nothing has ended since"
    add_ended(busy, 100)
    assert busy.search().status_code == 202


def test_who_is_on_the_way_in_counts(open_gateway: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its photo is being stored, and no row tells of it yet."""
    monkeypatch.setattr(admission, "REMEMBERED_S", 0.0)
    gateway = open_gateway()
    gateway.make_catalog()
    add_worker(gateway, 0.6)
    add_search(gateway, 0.0)
    with gateway.deps.admission.search():
        assert gateway.search().status_code == 429
    assert gateway.rows(images) == []


def test_workers_that_are_gone_or_have_measured_nothing_do_not_count(busy: Gateway) -> None:
    add_search(busy, 0.0)
    add_worker(busy, 9.0, seen_ago=60)
    assert load(busy).service_s is None
    add_worker(busy, 0.0)
    assert load(busy).service_s is None


def test_so_many_open_searches_and_no_more(open_gateway: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "REMEMBERED_S", 0.0)
    gateway = open_gateway(max_open_searches=2)
    gateway.make_catalog()
    assert [gateway.search().status_code for _ in range(3)] == [202, 202, 429]


def test_searches_between_two_readings_are_counted(
    open_gateway: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "REMEMBERED_S", 3600.0)
    gateway = open_gateway(max_open_searches=2)
    gateway.make_catalog()
    assert [gateway.search().status_code for _ in range(3)] == [202, 202, 429]
