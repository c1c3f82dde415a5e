"""Requests that write the catalogue take their locks in one order."""

from __future__ import annotations

from tests.integration.gateway.conftest import Open
from tests.lock_order import in_order, locks_taken


def test_requests_that_write_take_their_locks_in_order(open_gateway: Open, postgres_url: str) -> None:
    """Also those that make a catalog, which an import and a single write may both do."""
    gateway = open_gateway(postgres_url)
    gateway.serve_model()
    key = {"Idempotency-Key": "k"}
    with locks_taken(gateway.db) as taken:
        assert gateway.send_manifest(catalog="first", headers=key).status_code == 202
        assert gateway.send_manifest(catalog="first").status_code == 202
        assert gateway.client.put("/v1/products/p?catalog=second", json={"title": "t"}).status_code == 200
        assert gateway.client.patch("/v1/products/p?catalog=second", json={"color": "red"}).status_code == 200
        assert gateway.client.delete("/v1/products/p?catalog=second").status_code == 200
        assert gateway.client.put("/v1/catalogs/third", json={}).status_code == 201
        assert gateway.client.post("/v1/catalogs/second:purge?force=true", headers=key).status_code == 200
    assert ["idempotency", "catalogs", "counters"] in taken
    assert [tables for tables in taken if not in_order(tables)] == []
