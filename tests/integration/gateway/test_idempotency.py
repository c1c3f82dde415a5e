"""Idempotency-Key: the same request again gives what the first one gave."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from shared.db.engine import now
from shared.db.tables import idempotency, images, imports, jobs
from shared.jobs import store
from shared.jobs.job import State
from tests.gateway_rig import Gateway, png

KEY = {"Idempotency-Key": "order-17"}


def test_the_same_search_again_gives_the_same_job(gateway: Gateway) -> None:
    gateway.make_catalog()
    first = gateway.search(headers=KEY, limit=3)
    again = gateway.search(headers=KEY, limit=3)
    assert (first.status_code, first.json["id"]) == (again.status_code, again.json["id"])
    assert first.headers["Location"] == again.headers["Location"]
    assert len(gateway.rows(jobs)) == len(gateway.rows(images)) == len(gateway.dispatcher.sent) == 1


def test_json_and_form_of_one_content_are_the_same_request(gateway: Gateway) -> None:
    """Parsed fields are compared, not bytes: a boundary or the order of fields changes nothing."""
    gateway.make_catalog()
    first = gateway.client.post("/v1/searches", json={"limit": 3, "image_url": "https://a/b"}, headers=KEY)
    form = {"image_url": "https://a/b", "limit": "3"}
    again = gateway.client.post("/v1/searches", data=form, headers=KEY, content_type="multipart/form-data")
    assert (first.json["id"], again.status_code) == (again.json["id"], 202)


def test_another_body_is_refused(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.search(headers=KEY)
    for answer in (gateway.search(headers=KEY, limit=4), gateway.search(png(shade=7), headers=KEY)):
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_mismatch")
    assert len(gateway.rows(jobs)) == 1


def fifty_at_once(gateway: Gateway, send: Callable[[FlaskClient], TestResponse]) -> list[TestResponse]:
    """Each from a thread of its own, all let go together."""
    answers, start = [], threading.Barrier(50)

    def one() -> None:
        client = gateway.app.test_client()
        start.wait()
        answers.append(send(client))

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def told(answers: list[TestResponse]) -> set[tuple[int, bytes, str | None]]:
    """The different answers among these: status, body, address."""
    return {(a.status_code, a.get_data(), a.headers["Location"]) for a in answers}


def photo(**fields: str) -> dict[str, Any]:
    return {**fields, "image": (io.BytesIO(png()), "photo.png")}


def test_fifty_searches_at_once_make_one_job_and_one_body(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    gateway.make_catalog()
    answers = fifty_at_once(gateway, lambda c: c.post("/v1/searches", data=photo(limit="3"), headers=KEY))
    (job,) = gateway.rows(jobs)
    ((status, body, location),) = told(answers)
    assert (len(answers), status, location) == (50, 202, f"/v1/jobs/{job.id}")
    assert json.loads(body) == gateway.client.get(location).json
    assert len(gateway.dispatcher.sent) == len(gateway.rows(images)) == len(gateway.rows(idempotency)) == 1
    gateway.finish(job.id, State.SUCCEEDED)
    assert told([gateway.client.post("/v1/searches", data=photo(limit="3"), headers=KEY)]) == told(answers)
    other = gateway.client.post("/v1/searches", data=photo(limit="4"), headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
    assert len(gateway.rows(jobs)) == 1


def test_fifty_uploads_at_once_make_one_image_and_one_body(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    answers = fifty_at_once(gateway, lambda c: c.post("/v1/images", data=photo(), headers=KEY))
    (image,) = gateway.rows(images)
    ((status, _, location),) = told(answers)
    assert (len(answers), status, location) == (50, 201, f"/v1/images/{image.id}")
    other = gateway.upload(png(shade=7), headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")


def test_fifty_imports_at_once_make_one_job_and_one_body(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    gateway.serve_model()

    def send(client: FlaskClient) -> TestResponse:
        form = {"manifest": (io.BytesIO(b"id,title\n1,One\n"), "products.csv")}
        return client.post("/v1/imports", data=form, headers=KEY)

    answers = fifty_at_once(gateway, send)
    (job,) = gateway.rows(jobs)
    ((status, body, location),) = told(answers)
    assert (len(answers), status, location) == (50, 202, f"/v1/jobs/{job.id}")
    assert json.loads(body) == gateway.client.get(location).json
    assert len(gateway.rows(imports)) == 1
    other = gateway.send_manifest(b"id\n2\n", headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")


def test_a_key_belongs_to_its_tenant_and_its_route(gateway: Gateway) -> None:
    one, other = gateway.key("one"), gateway.key("other")
    gateway.make_catalog(tenant="one")
    gateway.make_catalog(tenant="other")
    ids = {gateway.search(headers={**who, **KEY}).json["id"] for who in (one, other)}
    assert len(ids) == 2
    assert gateway.upload(headers={**one, **KEY}).status_code == 201


def test_a_key_is_forgotten_after_its_time(gateway: Gateway) -> None:
    gateway.make_catalog()
    first = gateway.search(headers=KEY)
    with gateway.db.write() as c:
        c.execute(update(idempotency).values(created_at=now() - gateway.settings.idempotency_ttl - 1))
    assert gateway.search(headers=KEY, limit=4).json["id"] != first.json["id"]


def test_an_upload_again_is_the_same_image(gateway: Gateway) -> None:
    first, again = gateway.upload(headers=KEY), gateway.upload(headers=KEY)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    assert len(gateway.rows(images)) == 1


def test_an_import_again_is_the_same_job(gateway: Gateway) -> None:
    gateway.serve_model()
    first, again = gateway.send_manifest(headers=KEY), gateway.send_manifest(headers=KEY)
    assert first.json["id"] == again.json["id"]
    assert len(gateway.rows(imports)) == 1
    other = gateway.send_manifest(b"id\n2\n", headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")


def test_a_key_that_is_none_is_refused(gateway: Gateway) -> None:
    gateway.make_catalog()
    for key in ("", "a b", "x" * 256):
        assert gateway.search(headers={"Idempotency-Key": key}).status_code == 422
    assert gateway.rows(jobs) == []


@pytest.mark.parametrize("step", ["before the object", "before the rows", "before the message"])
def test_a_gateway_that_dies_on_the_way_leaves_one_job_to_the_retry(
    gateway: Gateway, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object alone is an orphan that the sweep removes; the row alone is sent by a keeper."""

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    places = {
        "before the object": (gateway.store, "put"),
        "before the rows": (store, "accept"),
        "before the message": (gateway.dispatcher, "send"),
    }
    gateway.make_catalog()
    with monkeypatch.context() as broken:
        broken.setattr(*places[step], die)
        with pytest.raises(SystemExit):
            gateway.search(headers=KEY)
    answer = gateway.search(headers=KEY)
    assert answer.status_code == 202
    (job,) = gateway.rows(jobs)
    assert answer.json["id"] == job.id
    assert len(gateway.rows(images)) == 1
    assert job.due_at is not None
