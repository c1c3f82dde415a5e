"""/v1/catalogs, /v1/models and /v1/index."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from shared.catalog import burial
from shared.db.engine import now
from shared.db.tables import images, log, products, replicas, workers
from shared.errors import Unavailable
from shared.index.versions import Version
from shared.jobs.job import State
from tests.gateway_rig import FINGERPRINT, MODEL, Gateway


def put(gateway: Gateway, name: str = "shoes", **fields: Any) -> Any:
    return gateway.client.put(f"/v1/catalogs/{name}", json=fields)


def purge(gateway: Gateway, query: str = "force=true", **headers: str) -> Any:
    return gateway.client.post(f"/v1/catalogs/default:purge?{query}", headers=headers)


def test_a_catalog_is_made_once_and_fixed(gateway: Gateway) -> None:
    gateway.serve_model()
    answer = put(gateway, shards=4)
    assert answer.status_code == 201
    assert {k: v for k, v in answer.json.items() if k != "created_at"} == {
        "name": "shoes",
        "products": 0,
        "model": MODEL,
        "fingerprint": FINGERPRINT,
        "dim": 8,
        "shards": 4,
    }
    assert put(gateway).status_code == put(gateway, shards=4, model=MODEL).status_code == 200
    for other in ({"shards": 5}, {"shards": 1}, {"model": "other"}):
        refused = put(gateway, **other)
        assert (refused.status_code, refused.json["code"]) == (409, "catalog_fixed")
    assert gateway.client.get("/v1/catalogs/shoes").json == answer.json


def test_a_model_that_nobody_serves_makes_no_catalog(gateway: Gateway) -> None:
    assert put(gateway).json["code"] == "model_unknown"
    gateway.serve_model()
    answer = put(gateway, model="other")
    assert (answer.status_code, answer.json["code"]) == (503, "model_unknown")
    assert gateway.client.get("/v1/catalogs/shoes").status_code == 404


@pytest.mark.parametrize("name", ["-x", "x" * 65, "a%20b", "a%2Fb", "商品"])
def test_a_catalogs_name_is_plain(gateway: Gateway, name: str) -> None:
    gateway.serve_model()
    assert put(gateway, name).status_code in (404, 422)
    assert gateway.client.get("/v1/index").json["indexes"] == []


@pytest.mark.parametrize(
    "fields",
    [{"shards": 0}, {"shards": 1025}, {"shards": "many"}, {"size": 1}, {"model": "a b"}, {"model": "模型"}],
)
def test_a_field_that_does_not_fit_is_named(gateway: Gateway, fields: dict[str, Any]) -> None:
    answer = put(gateway, **fields)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == next(iter(fields))


def test_a_purge_hides_every_product_in_batches(
    gateway_anywhere: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_anywhere
    monkeypatch.setattr(burial, "BATCH", 2)
    index_id = gateway.make_catalog()
    for number in range(5):
        gateway.put(str(number), title="x")
    gateway.add_image("3", source="https://a/b")
    gateway.make_catalog("shoes")
    gateway.client.put("/v1/products/shoe?catalog=shoes", json={})
    answer = purge(gateway)
    assert (answer.status_code, answer.json["deleted"]) == (200, 5)
    assert gateway.client.get("/v1/products").json["products"] == []
    assert gateway.client.get("/v1/catalogs/default").json["products"] == 0
    assert gateway.client.get("/v1/catalogs/shoes").json["products"] == 1
    assert gateway.rows(images) == []
    entries = gateway.rows(log)
    assert [entry.body["products"] for entry in entries] == [["0", "1"], ["2", "3"], ["4"]]
    last = entries[-1]
    assert Version.decode(answer.json["version"]) == Version(index_id, {0: (last.seq, last.chain)})
    assert gateway.put("0", title="again").status_code == 200


def test_a_purge_needs_force_and_no_open_import(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="x")
    assert purge(gateway, "").json["code"] == "force_required"
    job_id = gateway.send_manifest().json["id"]
    assert purge(gateway).json["code"] == "imports_open"
    gateway.finish(job_id, State.CANCELLED)
    assert purge(gateway).json["deleted"] == 1


def test_a_purge_with_the_same_key_leaves_what_came_after_it(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="x")
    key = {"Idempotency-Key": "once"}
    assert purge(gateway, **key).json["deleted"] == 1
    gateway.put("b", title="y")
    assert purge(gateway, **key).json["deleted"] is None
    assert living(gateway) == ["b"]


def test_a_purge_that_broke_off_goes_on_with_its_key_and_leaves_what_came_meanwhile(
    gateway_anywhere: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_anywhere
    monkeypatch.setattr(burial, "BATCH", 2)
    gateway.make_catalog()
    for product_id in "abc":
        gateway.put(product_id, title="old")

    def dies(*_: Any) -> None:
        raise Unavailable("killed after the first batch")

    with monkeypatch.context() as broken:
        broken.setattr(gateway.deps.notifier, "log_grew", dies)
        assert purge(gateway, **{"Idempotency-Key": "once"}).status_code == 503
    assert living(gateway) == ["c"]
    gateway.put("a", title="new")
    gateway.put("x", title="new")
    gateway.send_manifest()
    answer = purge(gateway, **{"Idempotency-Key": "once"})
    assert (answer.status_code, answer.json["deleted"]) == (200, None)
    assert living(gateway) == ["a", "x"]


def test_a_purge_sent_twice_at_once_with_one_key_deletes_nothing_that_came_after_the_first(
    gateway_anywhere: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_anywhere
    monkeypatch.setattr(burial, "BATCH", 2)
    gateway.make_catalog()
    for product_id in "abc":
        gateway.put(product_id, title="old")
    second: list[int] = []

    def meanwhile(_: str) -> None:
        if not second:
            second.append(0)
            gateway.put("x", title="new")
            second[0] = purge(gateway, **{"Idempotency-Key": "once"}).status_code

    monkeypatch.setattr(gateway.deps.notifier, "log_grew", meanwhile)
    assert purge(gateway, **{"Idempotency-Key": "once"}).json["deleted"] == 2
    assert second == [200]
    assert living(gateway) == ["x"]


def test_a_purge_that_is_refused_does_not_use_its_key_up(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.put("a", title="x")
    job_id = gateway.send_manifest().json["id"]
    assert purge(gateway, **{"Idempotency-Key": "once"}).json["code"] == "imports_open"
    gateway.finish(job_id, State.CANCELLED)
    assert purge(gateway, **{"Idempotency-Key": "once"}).json["deleted"] == 1


def living(gateway: Gateway) -> list[str]:
    return sorted(row.id for row in gateway.rows(products) if row.deleted_no is None)


def test_models_tell_who_is_served_now(gateway: Gateway) -> None:
    gateway.serve_model()
    gateway.serve_model("other", "fedcbafedcba")
    with gateway.db.write() as c:
        row = {"process": "v1", "kind": "vision", "fingerprint": FINGERPRINT, "stats": {}, "seen_at": now()}
        c.execute(insert(workers).values(row))
    told = gateway.client.get("/v1/models").json["models"]
    assert [(model["name"], model["served"]) for model in told] == [(MODEL, True), ("other", False)]


def test_the_index_tells_its_shards_and_replicas(gateway: Gateway) -> None:
    gateway.serve_model()
    put(gateway, "default", shards=2)
    index_id = gateway.client.get("/v1/index").json["indexes"][0]["id"]
    state = {f"{index_id}/1": {"seq": 4, "rows": 9}}
    with gateway.db.write() as c:
        c.execute(insert(replicas).values(process="i1", group="g1", state=state, seen_at=now()))
        c.execute(insert(replicas).values(process="i0", group="g1", state=state, seen_at=now() - 10))
    (index,) = gateway.client.get("/v1/index").json["indexes"]
    assert (index["catalog"], index["model"], index["state"]) == ("default", MODEL, "live")
    assert [shard["shard"] for shard in index["shards"]] == [0, 1]
    assert index["shards"][0]["replicas"] == [{"process": "i1", "group": "g1", "state": None}]
    assert index["shards"][1]["replicas"] == [
        {"process": "i1", "group": "g1", "state": {"seq": 4, "rows": 9}}
    ]
    assert Version.decode(index["version"]).index_id == index_id
