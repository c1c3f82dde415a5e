"""Hostile names through the API and a manifest, to SQL and the index, and back: every byte as it came."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.hostile.names import LONG, NAMES, REFUSED
from tests.hostile.shop import Shop, opened

FACETS = ("brand", "category", "color")
COLUMNS = ("id", "title", "description", *FACETS, "labels", "images")


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with opened(database_url, tmp_path / "home") as shop:
        yield shop


def product(name: str) -> dict[str, Any]:
    """The name in every attribute that is text."""
    return {
        "title": name,
        "description": name + LONG,
        **dict.fromkeys(FACETS, name),
        "labels": [name, "other " + name],
    }


def address(product_id: str) -> str:
    return f"/v1/products/{quote(product_id, safe='')}"


def by_put(shop: Shop) -> dict[str, dict[str, Any]]:
    """Set whole with other words first, then changed; each has its name for an id too."""
    wanted = {name: product(name) for name in NAMES}
    for product_id, fields in wanted.items():
        shop.send("PUT", address(product_id), json={**fields, "title": LONG, "brand": "other"})
        shop.send("PATCH", address(product_id), json={"title": fields["title"], "brand": fields["brand"]})
    rows = [json.dumps({"id": product_id, "images": ["a.png"]}) for product_id in wanted]
    assert shop.load("\n".join(rows).encode(), "photos.jsonl")["result"]["bad_rows"] == 0
    return wanted


def by_csv(shop: Shop) -> dict[str, dict[str, Any]]:
    wanted = {f"csv {name}": product(name) for name in NAMES}
    out = io.StringIO(newline="")
    write = csv.writer(out, quoting=csv.QUOTE_ALL)
    write.writerow(COLUMNS)
    for product_id, fields in wanted.items():
        cells = {**fields, "id": product_id, "labels": "|".join(fields["labels"]), "images": "a.png"}
        write.writerow([cells[column] for column in COLUMNS])
    assert shop.load(out.getvalue().encode(), "rows.csv")["result"]["bad_rows"] == 0
    return wanted


def by_jsonl(shop: Shop) -> dict[str, dict[str, Any]]:
    """Half of the lines with `\\u` escapes, half as UTF-8."""
    wanted = {f"{name} in jsonl": product(name) for name in NAMES}
    rows = [
        json.dumps({"id": product_id, **fields, "images": ["a.png"]}, ensure_ascii=n % 2 == 0)
        for n, (product_id, fields) in enumerate(wanted.items())
    ]
    assert shop.load("\n".join(rows).encode(), "rows.jsonl")["result"]["bad_rows"] == 0
    return wanted


def test_hostile_names_come_back_byte_for_byte_from_get_lists_and_hits(shop: Shop) -> None:
    wanted = by_put(shop) | by_csv(shop) | by_jsonl(shop)
    assert len(wanted) == 3 * len(NAMES)
    listed, page = {}, {"next": ""}
    while page["next"] is not None:
        after = f"&after={quote(page['next'])}" if page["next"] else ""
        page = shop.send("GET", f"/v1/products?limit=50{after}")
        listed |= {one["id"]: one for one in page["products"]}
    for product_id, fields in wanted.items():
        for told in (shop.send("GET", address(product_id)), listed[product_id]):
            assert {name: told[name] for name in fields} == fields
    assert listed.keys() == wanted.keys()

    shop.indexer.catch_up()
    for name in NAMES:
        mine = {product_id for product_id, fields in wanted.items() if fields["title"] == name}
        filters = {**{facet: [name] for facet in FACETS}, "labels": [name]}
        item = shop.item(filters=filters, exclude={"product_ids": [name]})
        assert {hit["product"]["id"] for hit in item["hits"]} == mine - {name}
        assert [category["name"] for category in item["categories"]] == [item["label"]] == [name]
        for hit in item["hits"]:
            told = {key: hit["product"][key] for key in ("title", *FACETS)}
            assert told == dict.fromkeys(told, name)
    several = shop.item(filters={"brand": list(NAMES[:20])})
    assert {hit["product"]["title"] for hit in several["hits"]} == set(NAMES[:20])


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_nul_and_halves_of_surrogate_pairs_are_refused_wherever_they_stand(shop: Shop, text: str) -> None:
    shop.send("PUT", "/v1/products/p", json={"title": "before"})
    body = {"content_type": "application/json"}
    said = json.dumps  # escapes what no UTF-8 can hold
    source = {"product_id": "p"}
    calls = [
        ("PUT", "/v1/products/p", {"title": text}),
        ("PATCH", "/v1/products/p", {"labels": ["good", text]}),
        ("PATCH", "/v1/products/p", {"price": {"amount": "1", "currency": text}}),
        ("PATCH", "/v1/products/p", {text: "a name"}),
        ("POST", "/v1/searches", {**source, "filters": {"brand": [text]}}),
        ("POST", "/v1/searches", {**source, "exclude": {"product_ids": [text]}}),
        ("POST", "/v1/searches", {"product_id": text}),
        ("POST", "/v1/searches", {**source, "catalog": text}),
    ]
    for method, path, fields in calls:
        answer = shop.gateway.client.open(path, method=method, data=said(fields), headers=shop.key, **body)
        assert (answer.status_code, answer.json["code"]) == (422, "bad_character"), fields
        answer.get_data().decode()
    rows = [{"id": f"r-{field}", field: text} for field in ("title", "brand")] + [
        {"id": text},
        {"id": "good"},
    ]
    job = shop.load("\n".join(map(said, rows)).encode(), "rows.jsonl")
    told = shop.gateway.client.get(f"/v1/imports/{job['id']}/errors", headers=shop.key).text.splitlines()
    assert [json.loads(line)["reason"] for line in told] == ["bad_character"] * 3
    products = shop.send("GET", "/v1/products")["products"]
    assert [(one["id"], one["title"]) for one in products] == [("good", None), ("p", "before")]


def test_a_nul_in_a_cell_is_told_and_harms_no_other_row(shop: Shop) -> None:
    body = b"id,title\n1,a\0b\n\0,x\n3,good\n"
    job = shop.load(body, "rows.csv")
    told = shop.gateway.client.get(f"/v1/imports/{job['id']}/errors", headers=shop.key).text.splitlines()
    faults = [json.loads(line) for line in told]
    assert [(one["line"], one["field"], one["reason"]) for one in faults] == [
        (2, "title", "bad_character"),
        (3, "id", "bad_character"),
    ]
    assert [one["id"] for one in shop.send("GET", "/v1/products")["products"]] == ["3"]


def test_bad_rows_with_hostile_names_are_exported_exactly_and_without_formulas(shop: Shop) -> None:
    """A spreadsheet takes what begins like a formula for text, and takes nothing else away."""
    rows = [json.dumps({"id": name, "price": "=1+1", "currency": "EUR"}) for name in NAMES]
    job = shop.load("\n".join(rows).encode(), "=cmd|'!A0.jsonl")
    path = f"/v1/imports/{job['id']}/errors"
    exact = shop.gateway.client.get(path, headers=shop.key).get_data().decode()
    told = [json.loads(line) for line in exact.split("\n") if line]
    assert [one["product_id"] for one in told] == list(NAMES)
    assert {(one["manifest"], one["field"], one["reason"]) for one in told} == {
        ("=cmd|'!A0.jsonl", "price", "bad_price")
    }
    answer = shop.gateway.client.get(f"{path}?format=csv", headers=shop.key)
    cells = list(csv.DictReader(io.StringIO(answer.get_data().decode(), newline="")))
    formula = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
    assert [row["product_id"] for row in cells] == [
        "'" + name if name.startswith(formula) else name for name in NAMES
    ]
    assert {row["manifest"] for row in cells} == {"'=cmd|'!A0.jsonl"}
