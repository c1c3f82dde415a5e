"""Waiting for a job's end: Prefer: wait on POST, ?wait on GET."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from services.gateway.load import waiting
from shared.db.engine import now
from shared.db.tables import jobs
from shared.errors import Unavailable
from shared.jobs.job import State
from tests.gateway_rig import Gateway
from tests.integration.gateway.conftest import Open

PATIENCE_S = 20


def meanwhile(gateway: Gateway, act: Callable[[str], None]) -> threading.Thread:
    """Do something to the first job as soon as somebody waits for it."""

    def run() -> None:
        waiters = gateway.deps.waiters
        turn = threading.Event()
        for _ in range(PATIENCE_S * 100):
            if waiters._events and gateway.rows(jobs):
                act(gateway.rows(jobs)[0].id)
                return
            turn.wait(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def search_and_wait(gateway: Gateway, seconds: int = PATIENCE_S) -> Any:
    return gateway.search(headers={"Prefer": f"respond-async, wait={seconds}"})


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.REJECTED, State.FAILED, State.CANCELLED])
def test_who_waits_gets_the_finished_job_whatever_its_state(gateway: Gateway, state: State) -> None:
    gateway.make_catalog()
    thread = meanwhile(gateway, lambda job_id: gateway.finish(job_id, state))
    answer = search_and_wait(gateway)
    thread.join()
    assert (answer.status_code, answer.json["state"]) == (200, state)
    assert answer.headers["Preference-Applied"] == f"wait={PATIENCE_S}"


def test_a_lost_hint_is_made_up_by_looking(gateway: Gateway) -> None:
    def finish_silently(job_id: str) -> None:
        with gateway.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(state="succeeded", finished_at=now()))

    gateway.make_catalog()
    thread = meanwhile(gateway, finish_silently)
    assert search_and_wait(gateway).status_code == 200
    thread.join()


def test_who_waits_in_vain_gets_202(gateway: Gateway) -> None:
    gateway.make_catalog()
    answer = search_and_wait(gateway, 1)
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("prefer", ["wait=0", "wait=soon", "wait", "return=minimal", ""])
def test_other_preferences_wait_for_nothing(
    gateway: Gateway, prefer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.Waiting, "for_end", None)
    gateway.make_catalog()
    assert gateway.search(headers={"Prefer": prefer}).status_code == 202


def test_a_wait_beyond_the_longest_is_the_longest(gateway: Gateway) -> None:
    gateway.make_catalog()
    thread = meanwhile(gateway, gateway.finish)
    answer = gateway.search(headers={"Prefer": "wait=100000"})
    thread.join()
    assert answer.headers["Preference-Applied"] == "wait=60"


def test_a_poll_waits_too_and_ends_with_the_job(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = gateway.search().json["id"]
    thread = meanwhile(gateway, gateway.finish)
    answer = gateway.client.get(f"/v1/jobs/{job_id}?wait=30")
    thread.join()
    assert (answer.status_code, answer.json["state"]) == (200, "succeeded")
    assert gateway.client.get(f"/v1/jobs/{job_id}?wait=31").status_code == 422


def test_when_all_seats_are_taken_the_next_is_answered_at_once(open_gateway: Open) -> None:
    gateway = open_gateway(max_waiting=1)
    gateway.make_catalog()
    with gateway.deps.waiters.seat("somebody else's", 5) as event:
        assert event is not None
        assert search_and_wait(gateway).status_code == 202
        job_id = gateway.rows(jobs)[0].id
        assert gateway.client.get(f"/v1/jobs/{job_id}?wait=30").json["state"] == "queued"


def test_a_closing_gateway_answers_who_waits(gateway: Gateway) -> None:
    gateway.make_catalog()
    thread = meanwhile(gateway, lambda _: gateway.deps.waiters.close())
    assert search_and_wait(gateway, 60).status_code == 202
    thread.join()


def test_an_accepted_job_is_acknowledged_although_the_database_goes_away(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(waiting, "state_and_due", away)
    gateway.make_catalog()
    answer = search_and_wait(gateway)
    assert (answer.status_code, answer.json["state"]) == (202, "queued")


def test_who_waits_ends_a_search_that_no_index_worker_answers(gateway: Gateway) -> None:
    """Without a keeper the waiting request itself keeps the job's time."""

    def too_late(job_id: str) -> None:
        with gateway.db.write() as c:
            values = {"state": "running", "stage": "lookup", "answer_by": now() - 1, "hedge_at": now() - 1}
            c.execute(
                update(jobs).where(jobs.c.id == job_id).values(groups={"g1": [0]}, parts_left=1, **values)
            )

    gateway.make_catalog()
    thread = meanwhile(gateway, too_late)
    answer = search_and_wait(gateway)
    thread.join()
    assert (answer.status_code, answer.json["state"]) == (200, "failed")
    assert answer.json["error"]["code"] == "index_unavailable"
    assert answer.json["error"]["retryable"] is True


def test_a_product_with_photos_can_be_waited_for(gateway: Gateway) -> None:
    gateway.make_catalog()
    result = {"product_id": "a", "version": "v", "images": 1, "embedded": 1, "image_ids": ["x"]}
    thread = meanwhile(gateway, lambda job_id: gateway.finish(job_id, result=result))
    answer = gateway.put("a", headers={"Prefer": f"wait={PATIENCE_S}"}, images=["https://a/b.jpg"])
    thread.join()
    assert (answer.status_code, answer.json["result"]) == (200, result)
