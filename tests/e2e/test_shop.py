"""A photo in, products out, through every real process."""

import csv
import io

import httpx
import pytest
from PIL import Image

from services.cli.client import Refused
from services.cli.doctor import examine
from shared.settings import Settings
from tests.deployment import until
from tests.e2e.conftest import Shop

pytestmark = pytest.mark.xdist_group("shop")


def rows(shop: Shop) -> list[dict[str, str]]:
    with shop.sample.manifest.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def first_image(shop: Shop, row: dict[str, str]) -> bytes:
    return (shop.sample.folder / row["images"].split("|")[0]).read_bytes()


def search(shop: Shop, photo: bytes, **fields: str) -> dict:
    job = shop.client.post("/v1/searches", files={"image": photo}, data=fields, headers={"Prefer": "wait=20"})
    return shop.client.wait(job)


def hits(job: dict) -> list[dict]:
    assert job["state"] == "succeeded", job
    return job["result"]["items"][0]["hits"]


def test_every_product_of_the_manifest_is_there(shop: Shop) -> None:
    wanted = rows(shop)
    assert shop.imported["rows"] == shop.imported["products_in_catalog"] == len(wanted)
    assert (
        shop.imported["images"]
        == shop.imported["embedded"]
        == sum(len(r["images"].split("|")) for r in wanted)
    )
    assert shop.imported["bad_rows"] == 0


def test_doctor_finds_the_servers_that_the_deployment_started_itself(shop: Shop) -> None:
    found = {finding.part: finding for finding in examine(Settings(home=shop.stack.home))}
    assert [found[part].state for part in ("Redis", "broker", "schema", "object store")] == ["good"] * 4


def test_an_indexed_image_finds_itself(shop: Shop) -> None:
    for row in rows(shop)[:8]:
        best = hits(search(shop, first_image(shop, row), min_version=shop.imported["version"]))[0]
        assert best["product"]["id"] == row["id"]
        assert best["score"] > 0.999
        assert best["product"]["title"] == row["title"]
        assert best["product"]["price"] == {"amount": row["price"], "currency": row["currency"]}


def test_phone_photos_find_their_category(shop: Shop) -> None:
    right = 0
    for query in shop.sample.queries:
        found = hits(shop.client.search(shop.sample.folder / query.file, limit="5"))
        right += any(hit["product"]["category"] == query.category for hit in found)
    assert right >= len(shop.sample.queries) * 0.7


def test_hits_are_distinct_products_best_first(shop: Shop) -> None:
    found = hits(search(shop, first_image(shop, rows(shop)[0]), limit="40"))
    ids = [hit["product"]["id"] for hit in found]
    assert len(ids) == len(set(ids)) == 40
    scores = [hit["score"] for hit in found]
    assert scores == sorted(scores, reverse=True)


def test_image_addresses_in_an_answer_show_the_image_without_metadata(shop: Shop) -> None:
    found = hits(search(shop, first_image(shop, rows(shop)[0])))[0]
    image = Image.open(io.BytesIO(shop.client.bytes(found["image_url"])))
    assert image.format == "JPEG"
    assert not image.getexif()


def test_a_hit_is_explained_when_somebody_asks_and_the_pictures_go_with_the_search(shop: Shop) -> None:
    job = search(shop, first_image(shop, rows(shop)[0]), explain="true")
    address = hits(job)[1]["explanation_url"]
    told = httpx.get(shop.stack.url + address, headers={"Prefer": "wait=20"}, timeout=30)
    assert told.status_code == 200, told.text
    for name in ("query_url", "result_url"):
        drawn = Image.open(io.BytesIO(shop.client.bytes(told.json()[name])))
        assert drawn.format == "PNG"
        assert drawn.convert("HSV").getchannel("S").getextrema()[1] > 100, "nothing is coloured"
    httpx.delete(f"{shop.stack.url}/v1/jobs/{job['id']}?purge=true")
    assert httpx.get(shop.stack.url + address).status_code == 410
    assert httpx.get(shop.stack.url + told.json()["query_url"]).status_code == 404


def test_a_dark_photo_is_rejected_with_advice_in_the_readers_language(shop: Shop) -> None:
    dark = io.BytesIO()
    Image.effect_noise((600, 600), 4).point(lambda v: v // 40).convert("RGB").save(dark, "JPEG")
    for language, words in (("en", "light"), ("zh-CN", "光")):
        job = shop.client.post(
            "/v1/searches",
            files={"image": dark.getvalue()},
            headers={"Prefer": "wait=20", "Accept-Language": language},
        )
        assert job["state"] == "rejected"
        reason = next(r for r in job["reasons"] if r["code"] == "too_dark")
        assert words in reason["advice"]
        assert reason["measured"] < reason["threshold"]


def test_an_upload_that_was_rejected_says_so_at_its_own_address(shop: Shop) -> None:
    flat = io.BytesIO()
    Image.new("RGB", (400, 400), (128, 128, 128)).save(flat, "PNG")
    upload = shop.client.post("/v1/images", files={"image": flat.getvalue()})
    asked = shop.client.post("/v1/searches", json={"image_id": upload["id"]}, headers={"Prefer": "wait=20"})
    assert shop.client.wait(asked)["state"] == "rejected"
    with pytest.raises(Refused, match="rejected"):
        shop.client.bytes(f"/v1/images/{upload['id']}")


def test_bytes_that_only_look_like_a_photo_are_rejected(shop: Shop) -> None:
    job = search(shop, first_image(shop, rows(shop)[0])[:900])
    assert job["state"] == "rejected"
    assert job["reasons"][0]["code"] == "undecodable"


def test_a_new_product_with_a_photo_is_found_at_its_version_and_gone_after_its_delete(shop: Shop) -> None:
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((300, 300)).convert("RGB").rotate(37).save(picture, "PNG")
    upload = shop.client.post("/v1/images", files={"image": picture.getvalue()})
    body = {"title": "Gradient", "category": "art", "images": [f"upload:{upload['id']}"]}
    job = shop.client.wait(shop.client.put("/v1/products/new%2Fone", body))
    assert job["state"] == "succeeded", job
    found = hits(search(shop, picture.getvalue(), min_version=job["result"]["version"]))
    assert found[0]["product"]["id"] == "new/one"
    gone = shop.client.delete("/v1/products/new%2Fone")
    found = hits(search(shop, picture.getvalue(), min_version=gone["version"]))
    assert "new/one" not in [hit["product"]["id"] for hit in found]


def test_filters_and_prices_follow_a_patch(shop: Shop) -> None:
    row = rows(shop)[3]
    body = {"price": {"amount": "1.23", "currency": "CHF"}}
    answer = httpx.patch(f"{shop.stack.url}/v1/products/{row['id']}", json=body)
    assert answer.status_code == 200, answer.text
    found = search(
        shop,
        first_image(shop, row),
        filters='{"price": {"max": 2, "currency": "CHF"}}',
        min_version=answer.json()["version"],
    )
    assert [hit["product"]["id"] for hit in hits(found)] == [row["id"]]
    assert hits(found)[0]["product"]["price"]["amount"] == "1.23"


def test_a_second_import_of_the_same_file_embeds_nothing(shop: Shop) -> None:
    job = shop.client.start_import(shop.sample.manifest, base="")
    done = shop.client.wait(job)
    assert done["state"] == "succeeded", done
    assert done["result"]["embedded"] == 0
    assert done["result"]["unchanged"] == shop.imported["images"]


def test_a_search_by_product_leaves_that_product_out(shop: Shop) -> None:
    row = rows(shop)[0]
    job = shop.client.post("/v1/searches", json={"product_id": row["id"]}, headers={"Prefer": "wait=20"})
    found = [hit["product"]["id"] for hit in hits(shop.client.wait(job))]
    assert found
    assert row["id"] not in found


def test_ready_names_every_part(shop: Shop) -> None:
    assert until(lambda: shop.client.get("/readyz")["status"] == "ready", within=10, what="ready")
