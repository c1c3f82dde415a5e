"""/v1/jobs/{id}/explanations/{hit}: begun by the first who asks, and kept for all others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from shared.db.engine import now
from shared.db.tables import explanations, images, jobs, objects
from shared.jobs.job import State, failure
from shared.messages import JobMessage
from shared.storage import owners
from shared.storage.names import new_name
from shared.topology import EXPLAIN, VISION_EXPLAIN
from tests.gateway_rig import Gateway
from tests.integration.gateway.conftest import Open
from tests.integration.gateway.test_jobs import HIT, RESULT
from tests.integration.gateway.test_waiting import PATIENCE_S


def item(*image_ids: str, box: tuple[float, ...] = (0, 0, 1, 1)) -> dict[str, Any]:
    return {
        **RESULT["items"][0],
        "box": box,
        "hits": [{**HIT, "image_id": image_id} for image_id in image_ids],
    }


def searched(gateway: Gateway, *items: dict[str, Any], **fields: Any) -> str:
    """A finished search; without `items` it has one, with one hit."""
    gateway.make_catalog()
    found = items or (item(gateway.add_image("SKU-1")),)
    job_id = str(gateway.search(**fields).json["id"])
    photo = gateway.rows(images)[-1].id
    for row in gateway.rows(images):
        photo = row.id if row.product_id is None else photo
    result = {**RESULT, "main_item": 0, "image": {**RESULT["image"], "id": photo}, "items": list(found)}
    gateway.finish(job_id, result=result)
    return job_id


def why(gateway: Gateway, job_id: str, hit: int | str = 1, query: str = "", **headers: str) -> Any:
    return gateway.client.get(f"/v1/jobs/{job_id}/explanations/{hit}{query}", headers=headers)


def draw(gateway: Gateway, job_id: str) -> None:
    """A vision worker makes the pictures of this job."""
    with gateway.db.write() as c:
        names = [new_name("explanations", "default", gateway.db.clock()) for _ in range(2)]
        bodies = [b"over the photo", b"over the hit"]
        owners.own(
            c, "default", [gateway.store.put(name, body) for name, body in zip(names, bodies, strict=True)]
        )
        made = {"query_object": names[0], "result_object": names[1]}
        c.execute(update(explanations).where(explanations.c.made_by == job_id).values(made))
    gateway.finish(job_id)


def maker(gateway: Gateway) -> Any:
    return next(row for row in reversed(gateway.rows(jobs)) if row.kind == "explanation")


def test_the_first_who_asks_begins_it_and_the_next_finds_it_begun(gateway: Gateway) -> None:
    job_id = searched(gateway)
    answers = [why(gateway, job_id), why(gateway, job_id)]
    assert [answer.status_code for answer in answers] == [202, 202]
    made_by = answers[0].json["id"]
    assert answers[1].json["id"] == made_by
    assert answers[0].headers["Location"] == f"/v1/jobs/{made_by}"
    assert "Retry-After" in answers[0].headers
    assert gateway.dispatcher.sent[1:] == [(VISION_EXPLAIN, JobMessage(made_by, EXPLAIN.name), None)]


def test_many_who_ask_at_once_begin_one(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    job_id = searched(gateway)
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait(PATIENCE_S)
        answer = gateway.app.test_client().get(f"/v1/jobs/{job_id}/explanations/1")
        return str(answer.json["id"])

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(ask, range(6)))) == 1
    assert len(gateway.rows(explanations)) == 1
    assert [row.kind for row in gateway.rows(jobs)].count("explanation") == 1


def test_a_finished_one_gives_addresses_that_need_no_key(gateway: Gateway) -> None:
    job_id = searched(gateway)
    draw(gateway, why(gateway, job_id).json["id"])
    told = why(gateway, job_id)
    assert (told.status_code, told.json["method"], told.json["score"]) == (200, "occlusion", 0.81)
    gateway.key()
    shown = [gateway.client.get(told.json[name]) for name in ("query_url", "result_url")]
    assert [answer.data for answer in shown] == [b"over the photo", b"over the hit"]
    assert {answer.content_type for answer in shown} == {"image/png"}
    again = gateway.client.get(told.json["query_url"], headers={"If-None-Match": shown[0].headers["ETag"]})
    assert again.status_code == 304


def test_an_address_is_good_for_its_own_picture_only(gateway: Gateway) -> None:
    job_id = searched(gateway)
    draw(gateway, why(gateway, job_id).json["id"])
    address = why(gateway, job_id).json["query_url"]
    for other in (
        address.replace("of=query", "of=result"),
        address.replace("item=0", "item=1"),
        address + "x",
    ):
        assert gateway.client.get(other).status_code == 401


def test_of_asks_for_the_picture_itself(gateway: Gateway) -> None:
    job_id = searched(gateway)
    draw(gateway, why(gateway, job_id).json["id"])
    assert why(gateway, job_id, query="?of=result", Accept="image/png").data == b"over the hit"


def test_who_waits_gets_it_as_soon_as_it_is_there(gateway: Gateway) -> None:
    job_id = searched(gateway)

    def act() -> None:
        turn = threading.Event()
        for _ in range(PATIENCE_S * 100):
            if gateway.deps.waiters._events:
                draw(gateway, maker(gateway).id)
                return
            turn.wait(0.01)

    thread = threading.Thread(target=act)
    thread.start()
    answer = why(gateway, job_id, Prefer=f"wait={PATIENCE_S}")
    thread.join()
    assert answer.status_code == 200


def test_the_worker_is_told_both_images_and_what_may_have_been_searched_with(gateway: Gateway) -> None:
    """A detector's main item shares the whole photo's hits; another item and a caller's crop do not."""
    one, two = gateway.add_image("SKU-1"), gateway.add_image("SKU-2")
    part, other = (0.1, 0.1, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)
    job_id = searched(gateway, item(one, box=part), item(one, two, box=other))
    why(gateway, job_id)
    why(gateway, job_id, 2, "?item=1")
    first, second = [row.request for row in gateway.rows(jobs) if row.kind == "explanation"]
    assert (first["result_image"], first["boxes"]) == (one, [list(part), [0, 0, 1, 1]])
    assert (second["result_image"], second["boxes"]) == (two, [list(other)])
    assert {first["query_image"], second["query_image"]} == {gateway.rows(jobs)[0].result["image"]["id"]}


@pytest.mark.parametrize(("hit", "query"), [(0, ""), (2, ""), (1, "?item=1"), (10**30, "")])
def test_a_hit_that_there_is_not_is_404(gateway: Gateway, hit: int, query: str) -> None:
    assert why(gateway, searched(gateway), hit, query).status_code == 404


def test_a_search_that_is_not_finished_or_found_nothing_is_409(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = str(gateway.search().json["id"])
    assert why(gateway, job_id).json["code"] == "not_finished"
    gateway.finish(job_id, State.FAILED, error=failure("x", "y", retryable=True))
    assert why(gateway, job_id).status_code == 409


def test_a_search_that_kept_no_photo_is_409_and_says_what_to_do(gateway: Gateway) -> None:
    job_id = searched(gateway, store="false")
    with gateway.db.write() as c:
        c.execute(delete(images).where(images.c.product_id.is_(None)))  # as the search's end does
    answer = why(gateway, job_id)
    assert (answer.status_code, answer.json["code"]) == (409, "photo_not_kept")
    assert "store" in answer.json["detail"]


@pytest.mark.parametrize(("age_s", "status"), [(0, 503), (60, 410)])
def test_a_photo_that_a_worker_fetched_may_still_be_put_away(
    gateway: Gateway, age_s: float, status: int
) -> None:
    gateway.make_catalog()
    image = gateway.add_image("SKU-1")
    body = {"image_url": "https://shop.example/a.jpg"}
    job_id = str(gateway.client.post("/v1/searches", json=body).json["id"])
    gateway.finish(
        job_id, result={**RESULT, "main_item": 0, "items": [item(image)]}, finished_at=now() - age_s
    )
    answer = why(gateway, job_id)
    assert (answer.status_code, answer.json["retryable"]) == (status, status == 503)


def test_an_image_that_has_gone_is_410(gateway: Gateway) -> None:
    job_id = searched(gateway)
    with gateway.db.write() as c:
        c.execute(update(images).where(images.c.product_id.is_not(None)).values(expires_at=1.0))
    answer = why(gateway, job_id)
    assert (answer.status_code, answer.json["code"]) == (410, "image_gone")
    assert [row.kind for row in gateway.rows(jobs)] == ["search"]


def test_a_failed_one_is_told_once_and_begun_again(gateway: Gateway) -> None:
    job_id = searched(gateway)
    first = why(gateway, job_id).json["id"]
    gateway.finish(first, State.FAILED, error=failure("model_failed", "it failed", retryable=False))
    told = why(gateway, job_id)
    assert (told.status_code, told.json["code"]) == (503, "model_failed")
    again = why(gateway, job_id)
    assert again.status_code == 202
    assert again.json["id"] != first


def test_a_worker_that_found_an_image_gone_is_410(gateway: Gateway) -> None:
    job_id = searched(gateway)
    first = why(gateway, job_id).json["id"]
    gateway.finish(first, State.FAILED, error=failure("image_gone", "it has gone", retryable=False))
    assert why(gateway, job_id).status_code == 410


def test_purging_the_search_takes_its_explanations(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    job_id = searched(gateway)
    draw(gateway, why(gateway, job_id).json["id"])
    address = why(gateway, job_id).json["query_url"]
    assert gateway.client.delete(f"/v1/jobs/{job_id}?purge=true").status_code == 200
    assert gateway.rows(explanations) == []
    drawn = [row for row in gateway.rows(objects) if row.name.startswith("explanations/")]
    assert [row.removed_at is not None for row in drawn] == [True, True]
    assert why(gateway, job_id).status_code == 410
    assert gateway.client.get(address).status_code == 404


def test_deleting_the_product_takes_the_explanations_that_show_it(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    gateway.make_catalog()
    gateway.put("SKU-1", title="Dress")
    job_id = searched(gateway, item(gateway.add_image("SKU-1")))
    draw(gateway, why(gateway, job_id).json["id"])
    assert gateway.client.delete("/v1/products/SKU-1").status_code == 200
    assert gateway.rows(explanations) == []
    assert why(gateway, job_id).status_code == 410


def test_only_a_key_of_the_tenant_with_the_scope_search_may_ask(gateway: Gateway) -> None:
    job_id = searched(gateway)
    assert why(gateway, job_id, **gateway.key("other")).status_code == 404
    assert why(gateway, job_id, **gateway.key("default", "catalogue")).status_code == 403
    assert why(gateway, job_id, **gateway.key("default", "search")).status_code == 202


def test_with_explain_each_hit_carries_the_address_of_its_explanation(gateway: Gateway) -> None:
    image = gateway.add_image("SKU-1")
    job_id = searched(gateway, item(image), item(image, image), explain="true")
    items = gateway.client.get(f"/v1/jobs/{job_id}").json["result"]["items"]
    addresses = [hit["explanation_url"] for each in items for hit in each["hits"]]
    assert addresses == [
        f"/v1/jobs/{job_id}/explanations/{end}" for end in ("1?item=0", "1?item=1", "2?item=1")
    ]
    assert {gateway.client.get(address).status_code for address in addresses} == {202}
    assert maker(gateway).kind == "explanation"


def test_an_explanation_is_refused_where_too_much_is_open(open_gateway: Open) -> None:
    gateway = open_gateway(max_open_searches=1)
    job_id = searched(gateway)
    row = next(row for row in gateway.rows(jobs))
    with gateway.db.write() as c:
        c.execute(insert(jobs).values({**row._mapping, "id": "open", "state": "queued", "kind": "product"}))
    assert why(gateway, job_id).status_code == 429
    with gateway.db.read() as c:
        assert c.execute(select(explanations)).all() == []
