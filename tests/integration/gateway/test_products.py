"""/v1/products: single writes, their order, and what is shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import update

from shared.catalog.locks import next_accept_no
from shared.db.engine import now
from shared.db.tables import catalogs, images, jobs, log, products
from shared.index.versions import Version
from shared.messages import JobMessage
from shared.topology import VISION_WRITE
from tests.gateway_rig import FINGERPRINT, Gateway
from tests.integration.gateway.conftest import Open

URL = "https://shop.example/a.jpg"


def get(gateway: Gateway, product_id: str = "a", **query: str) -> Any:
    return gateway.client.get(f"/v1/products/{quote(product_id, safe='')}", query_string=query)


def patch(gateway: Gateway, product_id: str = "a", **fields: Any) -> Any:
    return gateway.client.patch(f"/v1/products/{product_id}", json=fields)


def test_a_product_without_photos_is_there_at_once_with_its_version(gateway: Gateway) -> None:
    index_id = gateway.make_catalog()
    answer = gateway.put("a", title="One", price={"amount": "39.90", "currency": "eur"})
    assert answer.status_code == 200
    assert answer.json.keys() == {"id", "catalog", "version"}
    assert Version.decode(answer.json["version"]).index_id == index_id
    shown = get(gateway).json
    assert (shown["title"], shown["price"]) == ("One", {"amount": "39.90", "currency": "EUR"})
    assert gateway.rows(jobs) == gateway.dispatcher.sent == []
    assert gateway.notifier.grown == [index_id]


def test_a_product_with_photos_becomes_a_job(gateway: Gateway) -> None:
    gateway.make_catalog()
    answer = gateway.put("a", title="One", images=[URL, {"source": URL + "?2", "image_version": "7"}, URL])
    assert answer.status_code == 202
    (job,) = gateway.rows(jobs)
    assert answer.headers["Location"] == f"/v1/jobs/{job.id}"
    assert (job.kind, job.stage, job.product_id, job.fingerprint) == (
        "product",
        "embed_write",
        "a",
        FINGERPRINT,
    )
    assert job.accept_no == gateway.rows(products)[0].accepted_no
    assert job.request == {
        "product_id": "a",
        "catalog": "default",
        "images": [{"source": URL, "image_version": None}, {"source": URL + "?2", "image_version": "7"}],
    }
    assert gateway.dispatcher.sent == [(VISION_WRITE, JobMessage(job.id, "embed_write"), None)]
    assert get(gateway).json["title"] == "One"


def test_photos_that_are_there_already_are_not_embedded_again(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="One")
    gateway.add_image("a", source=URL)
    dropped = gateway.add_image("a", source=URL + "?2")
    answer = gateway.put("a", title="Two", images=[URL])
    assert answer.status_code == 200
    assert dropped not in [row.id for row in gateway.rows(images)]
    assert gateway.rows(log)[0].body == {"columns": {}, "dropped": [dropped]}


def test_a_price_alone_never_embeds_and_its_version_shows_it(gateway: Gateway) -> None:
    index_id = gateway.make_catalog()
    gateway.put("a", title="One")
    gateway.add_image("a", source=URL)
    answer = patch(gateway, price={"amount": "5", "currency": "EUR"})
    assert answer.status_code == 200
    (entry,) = gateway.rows(log)
    assert Version.decode(answer.json["version"]) == Version(index_id, {0: (entry.seq, entry.chain)})
    assert entry.body["columns"]["a"]["price"] == 5.0
    assert get(gateway).json["title"] == "One"


def test_put_clears_what_it_does_not_say_and_patch_leaves_it(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="One", brand="B")
    patch(gateway, color="red")
    assert [get(gateway).json[name] for name in ("title", "brand", "color")] == ["One", "B", "red"]
    patch(gateway, brand=None)
    assert [get(gateway).json[name] for name in ("title", "brand", "color")] == ["One", None, "red"]
    gateway.put("a", color="blue")
    assert [get(gateway).json[name] for name in ("title", "brand", "color")] == [None, None, "blue"]


def test_images_left_out_stay_and_an_empty_list_takes_them_away(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="One")
    gateway.add_image("a", source=URL)
    gateway.put("a", title="Two")
    assert len(get(gateway).json["images"]) == 1
    assert gateway.put("a", title="Two", images=[]).status_code == 200
    assert get(gateway).json["images"] == []


def test_what_was_accepted_later_wins_attribute_by_attribute(gateway_anywhere: Gateway) -> None:
    """Each attribute notes the number of the write that set it, and every write raises the number."""
    gateway = gateway_anywhere
    gateway.make_catalog()
    gateway.put("a", title="One", brand="B")
    with gateway.db.write() as c:
        between = next_accept_no(c, gateway.db)
    patch(gateway, title="One")
    (row,) = gateway.rows(products)
    assert row.orders["title"][0] == row.accepted_no > between > row.orders["brand"][0]


@pytest.mark.parametrize(
    "product_id",
    [
        "a/b",
        "/a",
        "a/",
        "a//b",
        "a:retry",
        "a b",
        "ä/商品🛍",
        "<b>&\"'",
        "=1+1",
        "a\nb",
        "%2F",
        "..",
        "\u202eabc",
    ],
)
def test_ids_are_taken_as_they_are(gateway_anywhere: Gateway, product_id: str) -> None:
    gateway = gateway_anywhere
    gateway.make_catalog()
    path = f"/v1/products/{quote(product_id, safe='')}"
    assert gateway.client.put(path, json={"title": product_id}).status_code == 200
    shown = gateway.client.get(path).json
    assert (shown["id"], shown["title"]) == (product_id, product_id)
    assert [row.id for row in gateway.rows(products)] == [product_id]
    assert gateway.client.delete(path).json["id"] == product_id


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"x" * 257, "id_too_long"),
        (b"a\0b", "bad_character"),
        (b"a\xff", "bad_character"),
        (b"\xed\xa0\x80", "bad_character"),
    ],
)
def test_an_id_that_cannot_be_kept_is_refused(gateway: Gateway, path: bytes, code: str) -> None:
    """Bytes as a server hands them over; read leniently, `a\\xff` would become another product's id."""
    gateway.make_catalog()
    environ = {"PATH_INFO": f"/v1/products/{path.decode('latin-1')}"}
    answer = gateway.client.put("/v1/products/x", json={}, environ_overrides=environ)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert gateway.rows(products) == []


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"price": {"amount": "cheap", "currency": "EUR"}}, "price", "bad_price"),
        ({"price": {"amount": "1"}}, "price", "bad_currency"),
        ({"rating": {"value": 9}}, "rating", "bad_rating"),
        ({"title": 5}, "title", "invalid_request"),
        ({"size": "L"}, "size", "invalid_request"),
        ({"title": "a\0b"}, "title", "bad_character"),
        ({"title": "x" * 20_000}, "title", "value_too_long"),
        ({"images": "x"}, "images", "invalid_request"),
        ({"images": [{"image_version": "1"}]}, "images.0.source", "invalid_request"),
        ({"images": ["ftp://x/y"]}, "images.0", "bad_source"),
        ({"images": ["a/../../b"]}, "images.0", "bad_source"),
        ({"images": ["photos/a.jpg"]}, "images.0", "bad_source"),
        ({"images": ["object:incoming/other/a.jpg"]}, "images.0", "bad_source"),
        ({"images": [f"https://a/{n}" for n in range(51)]}, "images", "invalid_request"),
    ],
)
def test_a_field_that_does_not_fit_is_named(gateway: Gateway, fields: Any, field: str, code: str) -> None:
    gateway.make_catalog()
    answer = gateway.put("a", **fields)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert field in [fault["field"] for fault in answer.json["errors"]]
    assert gateway.rows(products) == []


def test_every_fault_of_a_body_is_told(gateway: Gateway) -> None:
    gateway.make_catalog()
    answer = gateway.put("a", title=5, brand=6, price=7)
    assert {fault["field"] for fault in answer.json["errors"]} == {"title", "brand", "price"}


def test_a_path_is_an_image_only_where_there_is_a_data_folder(open_gateway: Open, tmp_path: Any) -> None:
    gateway = open_gateway(data_folder=tmp_path)
    gateway.make_catalog()
    assert gateway.put("a", images=["photos/a.jpg"]).status_code == 202


def test_an_upload_is_an_image_while_it_is_there(gateway: Gateway) -> None:
    gateway.make_catalog()
    source = f"upload:{gateway.upload().json['id']}"
    assert gateway.put("a", images=[source]).status_code == 202
    with gateway.db.write() as c:
        c.execute(update(images).values(expires_at=now() - 1))
    assert gateway.put("b", images=[source]).json["code"] == "bad_source"
    gateway.add_image("a", source=source)
    assert gateway.put("a", images=[source]).status_code == 200


def test_a_patch_or_delete_of_nobody_is_404(gateway: Gateway) -> None:
    assert patch(gateway, title="x").status_code == 404
    assert gateway.client.delete("/v1/products/a").status_code == 404
    gateway.make_catalog()
    assert patch(gateway, title="x").status_code == 404
    assert gateway.client.delete("/v1/products/a").status_code == 404
    assert get(gateway).status_code == 404
    assert gateway.rows(products) == []


def test_a_deleted_product_is_hidden_at_once_and_can_be_written_again(gateway: Gateway) -> None:
    index_id = gateway.make_catalog()
    gateway.put("a", title="One")
    answer = gateway.client.delete("/v1/products/a")
    assert answer.status_code == 200
    assert answer.json["erased"] is None
    assert answer.json["hidden"].endswith("Z")
    (entry,) = gateway.rows(log)
    assert (entry.kind, entry.body) == ("delete", {"products": ["a"]})
    assert Version.decode(answer.json["version"]) == Version(index_id, {0: (entry.seq, entry.chain)})
    assert gateway.notifier.grown == [index_id, index_id]
    assert get(gateway).status_code == patch(gateway, title="x").status_code == 404
    assert gateway.client.get("/v1/products").json["products"] == []
    assert gateway.put("a", brand="B").status_code == 200
    assert get(gateway).json["title"] is None


def test_a_products_catalog_is_fixed(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.make_catalog("shoes")
    gateway.put("a", title="One")
    answer = gateway.client.put("/v1/products/a?catalog=shoes", json={"title": "Two"})
    assert (answer.status_code, answer.json["code"]) == (409, "catalog_fixed")
    assert get(gateway, catalog="shoes").status_code == 404
    assert get(gateway).json["title"] == "One"


def test_a_first_product_makes_the_catalog_once_a_model_is_known(gateway: Gateway) -> None:
    answer = gateway.put("a", title="One")
    assert (answer.status_code, answer.json["code"]) == (503, "model_unknown")
    assert answer.json["retryable"] is True
    assert gateway.rows(catalogs) == gateway.rows(products) == []
    gateway.serve_model()
    assert gateway.put("a", title="One").status_code == 200
    assert [row.name for row in gateway.rows(catalogs)] == ["default"]


def test_a_new_catalog_takes_the_model_that_was_served_last(gateway: Gateway) -> None:
    gateway.serve_model(fingerprint="old")
    gateway.serve_model(fingerprint="new")
    gateway.serve_model(name="other", fingerprint="newest")
    gateway.put("a", images=[URL])
    assert gateway.rows(jobs)[0].fingerprint == "new"


def test_products_are_listed_by_id_page_by_page_and_by_catalog(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.make_catalog("shoes")
    ids = ["a", "b/1", "c", "ü", "商品"]
    for product_id in reversed(ids):
        gateway.put(quote(product_id, safe=""), title=product_id)
    gateway.client.put("/v1/products/s?catalog=shoes", json={})
    gateway.add_image("c", source=URL, width=10, height=20, line=0, position=0)
    gateway.add_image("c", source="photos/c.jpg", line=0, position=1)
    seen, after = [], ""
    while True:
        page = gateway.client.get(f"/v1/products?limit=2{after}").json
        seen += page["products"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [product["id"] for product in seen] == ids
    first, second = seen[2]["images"]
    assert (first["source"], first["width"], first["height"], first["state"]) == (URL, 10, 20, "ready")
    assert second["source"] == "photos/c.jpg"
    assert gateway.client.get(first["image_url"]).status_code == 200
    assert len(gateway.client.get("/v1/products?catalog=shoes").json["products"]) == 1


def test_too_many_open_writes_refuse_photos_and_not_prices(open_gateway: Open) -> None:
    gateway = open_gateway(max_open_searches=1)
    gateway.make_catalog()
    gateway.put("a", images=[URL])
    gateway.deps.admission._read_at = -1.0
    answer = gateway.put("b", images=[URL])
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1
    assert patch(gateway, title="x").status_code == 200
