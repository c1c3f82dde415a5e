"""The receipt of an erasure: given by a delete, polled at its address, listed outside of backups."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from shared.db.engine import now
from shared.db.tables import erasures
from shared.errors import StoreUnavailable
from tests.gateway_rig import Gateway

RESULT: dict[str, Any] = {"image": {"id": "i"}, "items": []}


def deleted(gateway: Gateway, product_id: str = "a", **options: Any) -> Any:
    gateway.make_catalog()
    gateway.put(product_id, title="A")
    return gateway.client.delete(f"/v1/products/{product_id}", **options)


def test_a_delete_gives_a_receipt_of_two_dates_whose_address_answers(gateway: Gateway) -> None:
    answer = deleted(gateway)
    assert answer.status_code == 200
    assert answer.json["erased"] is None
    receipt = gateway.client.get(answer.json["receipt"])
    assert receipt.status_code == 200
    assert receipt.json == {
        "id": answer.json["receipt"].rsplit("/", 1)[1],
        "kind": "product",
        "subject": "a",
        "hidden": answer.json["hidden"],
        "erase_by": answer.json["erase_by"],
        "erased": None,
    }
    assert receipt.json["hidden"] < receipt.json["erase_by"]


def test_an_erased_receipt_tells_when_and_no_longer_of_whom(gateway: Gateway) -> None:
    address = deleted(gateway).json["receipt"]
    with gateway.db.write() as c:
        c.execute(update(erasures).values(erased_at=now(), subject=None))
    receipt = gateway.client.get(address).json
    assert receipt["subject"] is None
    assert receipt["erased"] >= receipt["hidden"]


def test_the_product_itself_is_404_from_then_on(gateway: Gateway) -> None:
    deleted(gateway)
    assert gateway.client.get("/v1/products/a").status_code == 404
    assert gateway.client.delete("/v1/products/a").status_code == 404


def test_a_receipt_of_another_tenant_looks_unknown(gateway: Gateway) -> None:
    mine, other = gateway.key("default"), gateway.key("other")
    gateway.make_catalog()
    gateway.put("a", title="A", headers=mine)
    address = gateway.client.delete("/v1/products/a", headers=mine).json["receipt"]
    assert gateway.client.get(address, headers=mine).status_code == 200
    theirs = gateway.client.get(address, headers=other)
    unknown = gateway.client.get(f"/v1/receipts/{'0' * 26}", headers=other)
    assert (theirs.status_code, unknown.status_code) == (404, 404)
    assert theirs.json["code"] == unknown.json["code"]


def test_a_purged_job_gives_a_receipt_too(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = gateway.search().json["id"]
    gateway.finish(job_id, result=RESULT)
    receipt = gateway.client.delete(f"/v1/jobs/{job_id}?purge=true").json
    assert (receipt["kind"], receipt["subject"], receipt["erased"]) == ("job", job_id, None)
    assert gateway.client.get(f"/v1/receipts/{receipt['id']}").json == receipt


def test_the_list_names_what_was_promised_before_the_answer_leaves(gateway: Gateway) -> None:
    deleted(gateway)
    assert [(e.kind, e.id, e.catalog) for e in gateway.deps.erased.entries()] == [("product", "a", "default")]
    assert gateway.rows(erasures)[0].listed_at is not None


def test_a_delete_that_could_not_be_listed_is_503_and_answers_when_sent_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(gateway.store, "put", away)
        assert deleted(gateway).status_code == 503
    assert gateway.client.get("/v1/products/a").status_code == 404, "hidden all the same"
    again = gateway.client.delete("/v1/products/a")
    assert again.status_code == 200
    assert again.json["receipt"].endswith(gateway.rows(erasures)[0].id)
    assert [e.id for e in gateway.deps.erased.entries()] == ["a"]
    assert gateway.client.delete("/v1/products/a").status_code == 404


def test_a_purge_of_a_catalog_promises_to_erase_each_product(gateway: Gateway) -> None:
    gateway.make_catalog()
    for product_id in ("a", "b"):
        gateway.put(product_id, title="A")
    assert gateway.client.post("/v1/catalogs/default:purge?force=true").json["deleted"] == 2
    assert sorted(e.id for e in gateway.deps.erased.entries()) == ["a", "b"]
    assert sorted(row.subject for row in gateway.rows(erasures)) == ["a", "b"]
