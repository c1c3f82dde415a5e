"""/v1/jobs: looking, listing, cancelling, erasing, repeating."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from shared.db.engine import now
from shared.db.tables import chunks, images, imports, jobs, objects, row_errors
from shared.jobs.job import State, failure
from shared.messages import JobMessage, Nudge
from shared.topology import VISION_NUDGE, VISION_SEARCH, VISION_WRITE
from tests.gateway_rig import Gateway

HIT = {
    "score": 0.81,
    "image_id": "a" * 32,
    "product": {
        "id": "SKU-1",
        "title": "Dress",
        "price": {"amount": "39.90", "currency": "EUR"},
        "rating": {"value": 4.6, "count": 212},
        "brand": None,
        "category": "dress",
        "color": None,
        "availability": "in_stock",
        "url": None,
        "source_url": None,
    },
}
RESULT = {
    "image": {"id": "b" * 32, "width": 300, "height": 200, "quality": {"sharpness": 0.58}},
    "items": [
        {
            "box": [0, 0, 1, 1],
            "label": "dress",
            "label_score": 0.9,
            "categories": [],
            "no_confident_match": False,
            "hits": [HIT],
        }
    ],
    "index": {"version": "v", "time": "2026-11-01T00:00:00.000Z", "partial": False, "missing": []},
    "model": "abcdefabcdef",
}


def searched(gateway: Gateway) -> str:
    gateway.make_catalog()
    return str(gateway.search().json["id"])


def test_an_open_search_tells_its_stage_and_when_to_come_back(gateway: Gateway) -> None:
    job_id = searched(gateway)
    answer = gateway.client.get(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json["state"]) == (200, "queued")
    assert answer.json["progress"] == {"stage": "vision"}
    assert answer.headers["Retry-After"] == "1"
    with gateway.db.write() as c:
        c.execute(update(jobs).values(state="running", stage="lookup"))
    assert gateway.client.get(f"/v1/jobs/{job_id}").json["progress"] == {"stage": "index"}


def test_a_finished_search_shows_its_hits_with_addresses_that_need_no_key(gateway: Gateway) -> None:
    gateway.make_catalog()
    image_id = gateway.add_image("SKU-1", data=b"bytes of a jpeg")
    job_id = gateway.search().json["id"]
    hit = {**HIT, "image_id": image_id}
    gateway.finish(job_id, result={**RESULT, "items": [{**RESULT["items"][0], "hits": [hit]}]})
    answer = gateway.client.get(f"/v1/jobs/{job_id}")
    (shown,) = answer.json["result"]["items"][0]["hits"]
    assert list(shown) == ["score", "image_id", "image_url", "product"]
    assert (shown["score"], shown["product"]) == (0.81, HIT["product"])
    assert "Retry-After" not in answer.headers
    gateway.key()
    image = gateway.client.get(shown["image_url"], headers={"Host": "shop.example"})
    assert (image.status_code, image.data) == (200, b"bytes of a jpeg")


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("en", "blurred"),
        ("zh-CN,zh;q=0.9", "模糊"),
        ("de, zh;q=0.5", "模糊"),
        ("fr", "blurred"),
        ("", "blurred"),
    ],
)
def test_a_rejected_photo_is_advised_in_the_readers_language(
    gateway: Gateway, language: str, word: str
) -> None:
    job_id = searched(gateway)
    gateway.finish(job_id, State.REJECTED, reasons=[{"code": "blurred", "measured": 4.0, "threshold": 10.0}])
    answer = gateway.client.get(f"/v1/jobs/{job_id}", headers={"Accept-Language": language})
    (reason,) = answer.json["reasons"]
    assert (reason["code"], reason["measured"], reason["threshold"]) == ("blurred", 4.0, 10.0)
    assert word in reason["advice"]
    assert "Accept-Language" in answer.headers["Vary"]


def test_unknown_is_404_and_expired_is_410(gateway: Gateway) -> None:
    job_id = searched(gateway)
    with gateway.db.write() as c:
        c.execute(update(jobs).values(state=State.EXPIRED))
    assert gateway.client.get("/v1/jobs/nobody").status_code == 404
    answer = gateway.client.get(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json["code"]) == (410, "expired")


def test_jobs_are_listed_newest_first_and_page_by_page(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    gateway.make_catalog()
    made = [gateway.search().json["id"] for _ in range(5)]
    seen, after = [], ""
    while True:
        page = gateway.client.get(f"/v1/jobs?limit=2{after}").json
        seen += [job["id"] for job in page["jobs"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == made[::-1]


def test_jobs_are_filtered_by_state_and_kind(gateway: Gateway) -> None:
    gateway.make_catalog()
    done, still = gateway.search().json["id"], gateway.search().json["id"]
    imported = gateway.send_manifest().json["id"]
    gateway.finish(done)

    def ids(query: str) -> list[str]:
        return [job["id"] for job in gateway.client.get(f"/v1/jobs?{query}").json["jobs"]]

    assert ids("state=succeeded") == [done]
    assert ids("kind=import") == [imported]
    assert ids("kind=search&state=queued") == [still]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "state=done", "kind=x", "after=%3F", "after=e30", "page=2"]
)
def test_a_bad_query_names_the_field(gateway: Gateway, query: str) -> None:
    answer = gateway.client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == query.partition("=")[0]


def test_a_cancelled_job_wakes_who_waits_and_its_claims_are_lost(gateway: Gateway) -> None:
    job_id = searched(gateway)
    answer = gateway.client.delete(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
    assert gateway.notifier.done == [job_id]
    assert gateway.rows(jobs)[0].attempt == 1
    again = gateway.client.delete(f"/v1/jobs/{job_id}")
    assert (again.status_code, again.json["code"]) == (409, "already_finished")


def test_a_cancelled_import_is_kept_as_long_as_its_row_errors(gateway: Gateway) -> None:
    gateway.serve_model()
    job_id = gateway.send_manifest().json["id"]
    assert gateway.client.delete(f"/v1/jobs/{job_id}").status_code == 200
    (ended,) = gateway.rows(jobs)
    assert ended.expires_at - ended.finished_at == pytest.approx(gateway.settings.errors_retention, abs=0.1)
    assert gateway.rows(objects)[0].expires_at is None, "its manifest goes with it"


def test_an_open_job_is_not_erased(gateway: Gateway) -> None:
    job_id = searched(gateway)
    answer = gateway.client.delete(f"/v1/jobs/{job_id}?purge=true")
    assert (answer.status_code, answer.json["code"]) == (409, "not_finished")


def test_erasing_a_search_takes_its_photo_and_leaves_a_tombstone(gateway: Gateway) -> None:
    job_id = searched(gateway)
    gateway.finish(job_id, result=RESULT)
    assert gateway.client.delete(f"/v1/jobs/{job_id}?purge=true").status_code == 200
    assert gateway.client.get(f"/v1/jobs/{job_id}").status_code == 410
    assert gateway.rows(images) == []
    assert gateway.rows(objects)[0].removed_at is not None
    assert (gateway.rows(jobs)[0].result, gateway.rows(jobs)[0].request) == (None, {})


def test_erasing_a_search_leaves_an_image_that_was_uploaded_for_itself(gateway: Gateway) -> None:
    gateway.make_catalog()
    image_id = gateway.upload().json["id"]
    job_id = gateway.client.post("/v1/searches", json={"image_id": image_id}).json["id"]
    gateway.finish(job_id, result=RESULT)
    assert gateway.client.delete(f"/v1/jobs/{job_id}?purge=true").status_code == 200
    assert [row.id for row in gateway.rows(images)] == [image_id]


def test_erasing_a_search_by_address_takes_the_photo_that_it_fetched(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = gateway.client.post("/v1/searches", json={"image_url": "https://a/b"}).json["id"]
    fetched, other = gateway.add_image(), gateway.add_image()
    gateway.finish(job_id, result={**RESULT, "image": {**RESULT["image"], "id": fetched}})
    gateway.client.delete(f"/v1/jobs/{job_id}?purge=true")
    assert [row.id for row in gateway.rows(images)] == [other]


def test_erasing_an_import_takes_manifests_chunks_and_error_rows(gateway: Gateway) -> None:
    gateway.serve_model()
    job_id = gateway.send_manifest().json["id"]
    with gateway.db.write() as c:
        manifest = c.execute(select(objects.c.name)).scalar_one()
        c.execute(
            insert(chunks).values(
                job_id=job_id,
                no=0,
                tenant="default",
                state="done",
                attempt=1,
                rows_object=manifest,
                row_from=0,
                row_to=1,
                suspect=False,
                losses_alone=0,
                tries=1,
                products=1,
                images=0,
                embedded=0,
                bad_rows=0,
            )
        )
        c.execute(
            insert(row_errors).values(
                job_id=job_id, no=0, chunk=0, manifest=0, line=2, field="id", reason="missing_id", detail="…"
            )
        )
    gateway.finish(job_id)
    assert gateway.client.delete(f"/v1/jobs/{job_id}?purge=true").status_code == 200
    assert [gateway.rows(table) for table in (imports, chunks, row_errors)] == [[], [], []]
    assert all(row.removed_at is not None for row in gateway.rows(objects))


def test_a_dead_letter_is_sent_once_more_to_where_it_stood(gateway: Gateway) -> None:
    gateway.make_catalog()
    search = gateway.search().json["id"]
    product = gateway.put("a", images=["https://a/b.jpg"]).json["id"]
    imported = gateway.send_manifest().json["id"]
    gateway.dispatcher.sent.clear()
    for job_id in (search, product, imported):
        gateway.finish(job_id, State.FAILED, error=failure("worker_lost", "…", retryable=True))
        answer = gateway.client.post(f"/v1/jobs/{job_id}:retry")
        assert (answer.status_code, answer.json["state"]) == (202, "queued")
        assert answer.headers["Location"] == f"/v1/jobs/{job_id}"
    assert gateway.dispatcher.sent == [
        (VISION_SEARCH, JobMessage(search, "embed"), None),
        (VISION_WRITE, JobMessage(product, "embed_write"), None),
        (VISION_NUDGE, Nudge(), None),
    ]


def test_only_a_failure_that_a_retry_can_help_is_retried(gateway: Gateway) -> None:
    job_id = searched(gateway)
    assert gateway.client.post(f"/v1/jobs/{job_id}:retry").status_code == 409
    gateway.finish(job_id, State.FAILED, error=failure("fingerprint_mismatch", "…", retryable=False))
    assert gateway.client.post(f"/v1/jobs/{job_id}:retry").status_code == 409


def test_a_retry_with_the_same_key_sends_one_message(gateway: Gateway) -> None:
    job_id = searched(gateway)
    gateway.dispatcher.sent.clear()
    gateway.finish(job_id, State.FAILED, error=failure("worker_lost", "…", retryable=True))
    headers = {"Idempotency-Key": "again"}
    answers = [gateway.client.post(f"/v1/jobs/{job_id}:retry", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(gateway.dispatcher.sent) == 1


def test_the_progress_of_an_import_is_summed_from_its_chunks(gateway: Gateway) -> None:
    gateway.serve_model()
    job_id = gateway.send_manifest().json["id"]
    with gateway.db.write() as c:
        for no, state in enumerate(("done", "running")):
            c.execute(
                insert(chunks).values(
                    job_id=job_id,
                    no=no,
                    tenant="default",
                    state=state,
                    attempt=1,
                    rows_object="x",
                    row_from=0,
                    row_to=10,
                    suspect=False,
                    losses_alone=0,
                    tries=1,
                    products=9,
                    images=8,
                    embedded=7,
                    bad_rows=1,
                )
            )
        c.execute(update(imports).values(planned=True, rows=25, bad_rows=5, ignored_columns=["shelf"]))
        c.execute(update(jobs).values(claimed_at=now()))
    assert gateway.client.get(f"/v1/jobs/{job_id}").json["progress"] == {
        "planned": True,
        "rows": 25,
        "chunks": 2,
        "chunks_done": 1,
        "rows_done": 10,
        "products": 18,
        "images": 16,
        "embedded": 14,
        "bad_rows": 7,
        "ignored_columns": ["shelf"],
    }
