"""POST /v1/trainings: what may be asked for, by whom, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.resources.trainings import MAX_OPEN
from shared.db.tables import jobs
from shared.jobs.job import State, failure
from shared.messages import Nudge
from shared.topology import TRAINER_NUDGE
from tests.gateway_rig import Gateway

BODY = {"name": "dresses", "recipe": "metric", "changes": {"batch": 16}, "seed": 3}


def test_a_training_is_accepted_and_a_trainer_nudged(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    gateway.make_catalog()
    answer = gateway.client.post("/v1/trainings", json=BODY)

    assert answer.status_code == 202
    (job,) = gateway.rows(jobs)
    assert answer.headers["Location"] == f"/v1/jobs/{job.id}"
    assert (job.kind, job.stage, job.catalog) == ("training", "learn", "default")
    assert job.request == BODY | {"catalog": "default"}
    assert gateway.dispatcher.sent == [(TRAINER_NUDGE, Nudge(), None)]


@pytest.mark.parametrize(
    "wrong",
    [{"name": "Dresses"}, {"name": "a@1"}, {"recipe": "magic"}, {"seed": -1}, {"changes": 3}, {"epochs": 3},
     {"catalog": "/"}],
)  # fmt: skip
def test_what_no_training_can_be_is_refused(gateway: Gateway, wrong: dict[str, Any]) -> None:
    gateway.make_catalog()
    answer = gateway.client.post("/v1/trainings", json=BODY | wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert gateway.rows(jobs) == []


def test_a_catalog_that_is_not_there_teaches_nothing(gateway: Gateway) -> None:
    gateway.make_catalog(tenant="another")
    assert gateway.client.post("/v1/trainings", json=BODY).status_code == 404


def test_only_an_admin_trains_and_sees_trainings(gateway: Gateway) -> None:
    gateway.make_catalog()
    admin, catalogue = gateway.key("default", "admin"), gateway.key("default", "catalogue")
    assert gateway.client.post("/v1/trainings", json=BODY, headers=catalogue).status_code == 403
    job_id = gateway.client.post("/v1/trainings", json=BODY, headers=admin).json["id"]

    assert gateway.client.get(f"/v1/jobs/{job_id}", headers=catalogue).status_code == 403
    assert gateway.client.get("/v1/jobs", headers=catalogue).json["jobs"] == []
    assert [j["id"] for j in gateway.client.get("/v1/jobs?kind=training", headers=admin).json["jobs"]] == [
        job_id
    ]


def test_the_same_request_again_gives_the_same_training(gateway: Gateway) -> None:
    gateway.make_catalog()
    once = {"Idempotency-Key": "k"}
    first, second = (gateway.client.post("/v1/trainings", json=BODY, headers=once) for _ in range(2))
    assert first.json["id"] == second.json["id"]
    assert len(gateway.rows(jobs)) == 1
    assert gateway.client.post("/v1/trainings", json=BODY | {"seed": 4}, headers=once).status_code == 422


def test_no_more_trainings_are_open_than_can_be_done(gateway: Gateway) -> None:
    gateway.make_catalog()
    for _ in range(MAX_OPEN):
        assert gateway.client.post("/v1/trainings", json=BODY).status_code == 202
    answer = gateway.client.post("/v1/trainings", json=BODY)
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")


def test_a_training_tells_its_curve_is_cancelled_and_tried_again(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = gateway.client.post("/v1/trainings", json=BODY).json["id"]
    curve = [{"epoch": 0, "loss": 1.5, "validation": {"accuracy": 0.5}, "seconds": 2.0}]
    error = failure("internal", "an unexpected error", retryable=True)
    gateway.finish(job_id, State.FAILED, progress={"epoch": 1, "curve": curve}, error=error)
    assert gateway.client.get(f"/v1/jobs/{job_id}").json["progress"]["curve"] == curve

    assert gateway.client.post(f"/v1/jobs/{job_id}:retry").status_code == 202
    assert gateway.dispatcher.sent[-1] == (TRAINER_NUDGE, Nudge(), None)
    assert gateway.client.delete(f"/v1/jobs/{job_id}").json["state"] == "cancelled"
