"""POST /v1/searches: what becomes a job, and what is refused before anything is stored."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import update

from shared.catalog.filters import Filters
from shared.db.engine import now
from shared.db.tables import images, jobs, objects
from shared.index import entries
from shared.index.log import append
from shared.index.versions import Version
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.messages import JobMessage
from shared.topology import VISION_SEARCH
from tests.gateway_rig import FINGERPRINT, Gateway, png


def ask(gateway: Gateway, **fields: Any) -> Any:
    return gateway.client.post("/v1/searches", json=fields)


def refused(gateway: Gateway, answer: Any) -> tuple[int, str, str]:
    """Status, code and detail of a problem that left nothing behind."""
    assert answer.content_type == "application/problem+json"
    assert gateway.rows(jobs) == []
    assert gateway.rows(objects) == []
    assert gateway.dispatcher.sent == []
    return answer.status_code, answer.json["code"], answer.json["detail"]


def test_a_photos_name_instead_of_a_photo_is_told(gateway: Gateway) -> None:
    """`-F image=photo.jpg`, without the @."""
    form = {"image": "photo.jpg"}
    answer = gateway.client.post("/v1/searches", data=form, content_type="multipart/form-data")
    said = refused(gateway, answer)
    assert said == (
        422,
        "invalid_request",
        "image: this is a file, and came as text; with curl: -F image=@FILE",
    )


def test_a_photo_becomes_a_job_with_its_rows_and_a_message(gateway: Gateway) -> None:
    gateway.make_catalog()
    answer = gateway.search(limit=3, crop=[0.1, 0.2, 0.8, 0.9])
    assert answer.status_code == 202
    job_id = answer.json["id"]
    assert answer.headers["Location"] == f"/v1/jobs/{job_id}"
    assert answer.headers["Retry-After"] == "1"
    (job,) = gateway.rows(jobs)
    (image,) = gateway.rows(images)
    (owner,) = gateway.rows(objects)
    assert (job.kind, job.state, job.stage, job.fingerprint) == ("search", "queued", "embed", FINGERPRINT)
    wanted = SearchRequest.from_json(job.request)
    assert wanted.photo == PhotoOf(PhotoKind.UPLOAD, image.id, came_along=True)
    assert wanted.crop == (0.1, 0.2, 0.8, 0.9)
    assert (image.state, image.width, image.height, image.upload) == ("new", 300, 200, owner.name)
    assert gateway.store.get(owner.name, sha256=owner.sha256, length=owner.length) == png()
    assert gateway.dispatcher.sent == [(VISION_SEARCH, JobMessage(job_id, "embed"), None)]


def test_photo_owner_and_image_expire_together_after_their_time(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.search()
    (image,), (owner,) = gateway.rows(images), gateway.rows(objects)
    assert image.expires_at == pytest.approx(owner.expires_at, abs=5)
    assert image.expires_at == pytest.approx(image.created_at + gateway.settings.retention, abs=5)


def test_what_is_not_said_takes_its_default(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.search()
    (job,) = gateway.rows(jobs)
    wanted = SearchRequest.from_json(job.request)
    assert wanted == SearchRequest(wanted.photo, limit=10)
    assert job.catalog == "default"


def test_filters_reach_the_workers_as_lists_with_known_words(gateway: Gateway) -> None:
    gateway.make_catalog()
    filters = {
        "category": "dress",
        "brand": ["A", "B"],
        "availability": "In Stock",
        "price": {"max": 50, "currency": "eur"},
        "rating": {"min": 4},
    }
    assert gateway.search(filters=filters, store="false").status_code == 202
    (job,) = gateway.rows(jobs)
    wanted = SearchRequest.from_json(job.request)
    assert wanted.filters == Filters(
        category=("dress",),
        brand=("A", "B"),
        availability=("in_stock",),
        price_max=50.0,
        currency="EUR",
        rating_min=4.0,
    )
    assert not wanted.store


def test_a_search_by_address_is_left_to_a_vision_worker(gateway: Gateway) -> None:
    gateway.make_catalog()
    assert ask(gateway, image_url="HTTPS://shop.example/a.jpg").status_code == 202
    (job,) = gateway.rows(jobs)
    assert SearchRequest.from_json(job.request).photo == PhotoOf(PhotoKind.URL, "HTTPS://shop.example/a.jpg")


@pytest.mark.parametrize(
    "url", ["ftp://shop.example/a", "file:///etc/passwd", "https://a b", "http://" + "a" * 2000]
)
def test_an_address_that_is_none_is_refused(gateway: Gateway, url: str) -> None:
    gateway.make_catalog()
    assert refused(gateway, ask(gateway, image_url=url))[:2] == (422, "invalid_request")


def test_an_uploaded_image_is_judged_and_kept_by_its_first_search(gateway: Gateway) -> None:
    gateway.make_catalog()
    image_id = gateway.upload().json["id"]
    assert ask(gateway, image_id=image_id, store=False).status_code == 202
    (job,) = gateway.rows(jobs)
    wanted = SearchRequest.from_json(job.request)
    assert wanted.photo == PhotoOf(PhotoKind.UPLOAD, image_id)
    assert wanted.store


def test_a_normalised_image_is_searched_as_it_is(gateway: Gateway) -> None:
    gateway.make_catalog()
    image_id = gateway.add_image()
    assert ask(gateway, image_id=image_id).status_code == 202
    (job,) = gateway.rows(jobs)
    assert SearchRequest.from_json(job.request).photo == PhotoOf(PhotoKind.IMAGE, image_id)


def test_a_search_by_product_takes_its_first_image_and_leaves_the_product_out(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a/1", title="One")
    gateway.add_image("a/1", line=0, position=1)
    first = gateway.add_image("a/1", line=0, position=0)
    assert ask(gateway, product_id="a/1", exclude={"product_ids": ["b"]}).status_code == 202
    (job,) = gateway.rows(jobs)
    wanted = SearchRequest.from_json(job.request)
    assert wanted.photo == PhotoOf(PhotoKind.PRODUCT, first)
    assert wanted.exclude_products == ("b", "a/1")


def test_a_product_without_an_image_says_so(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="One")
    answer = ask(gateway, product_id="a")
    assert (answer.status_code, answer.json["code"]) == (422, "no_image")


def test_an_object_key_resolves_only_in_the_own_folder(gateway: Gateway) -> None:
    gateway.make_catalog()
    for key in ("incoming/other/a.jpg", "uploads/2026010100/default/x", "incoming/default/../other/a.jpg"):
        assert refused(gateway, ask(gateway, object_key=key))[:2] == (422, "bad_source")
    assert ask(gateway, object_key="incoming/default/a.jpg").status_code == 202
    (job,) = gateway.rows(jobs)
    assert SearchRequest.from_json(job.request).photo == PhotoOf(PhotoKind.OBJECT, "incoming/default/a.jpg")


@pytest.mark.parametrize("fields", [{"image_id": "0" * 32}, {"product_id": "nobody"}])
def test_what_is_not_there_is_404(gateway: Gateway, fields: dict[str, str]) -> None:
    gateway.make_catalog()
    assert refused(gateway, ask(gateway, **fields))[0] == 404


def test_an_expired_image_is_404(gateway: Gateway) -> None:
    gateway.make_catalog()
    image_id = gateway.upload().json["id"]
    with gateway.db.write() as c:
        c.execute(update(images).values(expires_at=now() - 1))
    assert ask(gateway, image_id=image_id).status_code == 404


def test_an_unknown_catalog_is_404_and_says_how_to_make_one(gateway: Gateway) -> None:
    status, _, detail = refused(gateway, gateway.search(catalog="shoes"))
    assert status == 404
    assert "PUT /v1/catalogs/shoes" in detail


def test_exactly_one_source_is_taken(gateway: Gateway) -> None:
    gateway.make_catalog()
    none = refused(gateway, ask(gateway, limit=3))
    both = refused(gateway, ask(gateway, image_url="https://a/b", image_id="a"))
    assert none[0] == both[0] == 422
    assert "none" in none[2]
    assert "image_url, image_id" in both[2]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"min_score": 2}, "min_score"),
        ({"crop": [0, 0, 1]}, "crop.3"),
        ({"crop": [0.5, 0, 0.5, 1]}, "crop"),
        ({"crop": [0, 0, 1.5, 1]}, "crop.2"),
        ({"group_by": "shop"}, "group_by"),
        ({"colour": "red"}, "colour"),
        ({"filters": {"size": "L"}}, "filters.size"),
        ({"filters": {"price": {"min": 1}}}, "filters.price.currency"),
        ({"filters": {"price": {"currency": "EUR", "min": 2, "max": 1}}}, "filters.price"),
        ({"filters": {"rating": {"min": 5, "max": 1}}}, "filters.rating"),
        ({"filters": {"availability": "maybe"}}, "filters.availability"),
        ({"exclude": {"image_ids": ["?"]}}, "exclude.image_ids.0"),
        ({"catalog": "../x"}, "catalog"),
    ],
)
def test_a_field_that_does_not_fit_is_named(gateway: Gateway, fields: dict[str, Any], name: str) -> None:
    gateway.make_catalog()
    answer = ask(gateway, image_url="https://a/b", **fields)
    assert refused(gateway, answer)[:2] == (422, "invalid_request")
    assert name in [fault["field"] for fault in answer.json["errors"]]


@pytest.mark.parametrize("name", ["text", "webhook_url"])
def test_what_is_planned_is_501_and_no_error_of_the_log(
    gateway: Gateway, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody may ask for it, and each would leave a traceback."""
    gateway.make_catalog()
    assert refused(gateway, ask(gateway, image_url="https://a/b", **{name: "x"}))[:2] == (501, "not_yet")
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []


def test_a_min_version_ahead_of_the_log_is_refused_and_one_behind_is_kept(gateway: Gateway) -> None:
    index_id = gateway.make_catalog()
    with gateway.db.write() as c:
        reached = append(c, index_id, {0: [entries.patch({})]})
    seq, chain = reached[0]
    ahead = Version(index_id, {0: (seq + 1, chain)}).encode()
    assert refused(gateway, ask(gateway, image_url="https://a/b", min_version=ahead))[:2] == (
        422,
        "version_ahead",
    )
    assert refused(gateway, ask(gateway, image_url="https://a/b", min_version="?"))[:2] == (
        422,
        "bad_version",
    )
    version = Version(index_id, reached).encode()
    assert ask(gateway, image_url="https://a/b", min_version=version).status_code == 202
    assert gateway.rows(jobs)[0].request["min_version"] == version


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "empty_image"),
        (b"not an image at all", 415, "unsupported_format"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 32, 415, "unsupported_format"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\x20\0\0\0\x20\0" + b"\0" * 40, 422, "too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\x03\xe8\0\0\0\x0a" + b"\0" * 40, 422, "aspect_ratio"),
        (b"\xff\xd8\xff\xe0", 422, "undecodable"),
    ],
)
def test_a_file_is_judged_by_its_header(gateway: Gateway, data: bytes, status: int, code: str) -> None:
    gateway.make_catalog()
    assert refused(gateway, gateway.search(data))[:2] == (status, code)


def test_two_photos_or_a_stranger_among_the_files_are_refused(gateway: Gateway) -> None:
    gateway.make_catalog()
    two = {"image": [(io.BytesIO(png()), "a.png"), (io.BytesIO(png()), "b.png")]}
    other = {"image": (io.BytesIO(png()), "a.png"), "mask": (io.BytesIO(png()), "b.png")}
    for form, name in ((two, "image"), (other, "mask")):
        answer = gateway.client.post("/v1/searches", data=form)
        assert refused(gateway, answer)[0] == 422
        assert answer.json["errors"][0]["field"] == name


def test_a_field_given_twice_is_refused(gateway: Gateway) -> None:
    gateway.make_catalog()
    form = {"image": (io.BytesIO(png()), "a.png"), "limit": ["3", "4"]}
    answer = gateway.client.post("/v1/searches", data=form)
    assert answer.json["errors"][0]["field"] == "limit"


def test_a_body_over_the_limit_is_413_and_nothing_is_stored(open_gateway: Any) -> None:
    gateway = open_gateway(max_image_bytes=1000)
    gateway.make_catalog()
    assert refused(gateway, gateway.search(b"x" * 100_000))[:2] == (413, "too_large")
    assert refused(gateway, gateway.search(png(1000, 1000, 3) + b"\0" * 1000))[:2] == (413, "too_large")


def test_ten_thousand_form_parts_are_413(gateway: Gateway) -> None:
    gateway.make_catalog()
    answer = gateway.client.post(
        "/v1/searches", data={"image": (io.BytesIO(png()), "a.png"), "x": ["1"] * 10_000}
    )
    assert refused(gateway, answer)[:2] == (413, "too_large")


def test_another_kind_of_body_is_415(gateway: Gateway) -> None:
    answer = gateway.client.post("/v1/searches", data=png(), content_type="image/png")
    assert refused(gateway, answer)[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"image_url": "https://a/\\u0000"}', "bad_character"),
        (b'{"image_url": "https://a/\\ud800"}', "bad_character"),
        (b'{"filters": {"brand": ["\\udfff"]}}', "bad_character"),
        (b'{"a\\u0000": 1}', "bad_character"),
        (b'{"min_score": 1e999}', "not_finite"),
        (b'{"min_score": NaN}', "invalid_request"),
        (b"[" * 100_000, "invalid_request"),
        (b"[1]", "invalid_request"),
        (b"{", "invalid_request"),
        (b'{"limit": ' + b"9" * 5000 + b"}", "invalid_request"),
    ],
)
def test_json_that_cannot_be_kept_is_refused(gateway: Gateway, body: bytes, code: str) -> None:
    answer = gateway.client.post("/v1/searches", data=body, content_type="application/json")
    assert refused(gateway, answer)[:2] == (422, code)


def test_a_broken_object_store_takes_nothing_in(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.errors import StoreUnavailable

    def away(*_: object) -> None:
        raise StoreUnavailable("the store is away")

    gateway.make_catalog()
    monkeypatch.setattr(gateway.store, "put", away)
    answer = gateway.search()
    assert refused(gateway, answer)[:2] == (503, "object_store_unavailable")
    assert answer.json["retryable"] is True
    assert answer.headers["Retry-After"] == "1"
