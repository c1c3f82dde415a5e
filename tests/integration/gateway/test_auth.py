"""Who may call what: keys, scopes, tenants, and nobody from elsewhere while there is no key."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.http import auth
from shared import keys
from shared.errors import InvalidRequest, NotFound
from tests.gateway_rig import Gateway


def test_without_keys_this_machine_is_served_as_the_default_tenant(gateway: Gateway) -> None:
    for host in ("localhost", "localhost:8000", "127.0.0.1:8000", "127.8.9.10", "[::1]:8000"):
        assert gateway.client.get("/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "shop.example"},
        {"Host": "192.168.1.4:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.nip.io"},
        {"Host": "localhost, shop.example"},
        {"Host": ""},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-Host": "shop.example"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_keys_nobody_else_is_served(gateway: Gateway, headers: dict[str, str]) -> None:
    answer = gateway.client.get("/v1/jobs", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert "tusou keys create" in answer.json["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_page_on_this_machine_may_send_its_own_origin(gateway: Gateway) -> None:
    headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    assert gateway.client.get("/v1/jobs", headers=headers).status_code == 200


def test_one_key_closes_the_door_for_all_without(gateway: Gateway) -> None:
    key = gateway.key()
    assert gateway.client.get("/v1/jobs").status_code == 401
    assert gateway.client.get("/v1/jobs", headers=key).status_code == 200
    spelled = {"X-Api-Key": key["Authorization"].removeprefix("Bearer ")}
    assert gateway.client.get("/v1/jobs", headers=spelled).status_code == 200
    assert gateway.client.get("/v1/jobs", headers={**key, "Host": "shop.example"}).status_code == 200


@pytest.mark.parametrize("secret", ["tsk_" + "a" * 32, "tsk_short", "x", "tsk_" + "é" * 40])
def test_a_key_that_is_not_known_is_401(gateway: Gateway, secret: str) -> None:
    gateway.key()
    headers = {"Authorization": f"Bearer {secret}".encode().decode("latin-1")}
    assert gateway.client.get("/v1/jobs", headers=headers).status_code == 401


def test_a_revoked_key_is_401_once_the_gateway_has_forgotten_it(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = gateway.key(), gateway.key()
    assert gateway.client.get("/v1/jobs", headers=key).status_code == 200
    with gateway.db.write() as c:
        keys.revoke(c, keys.listing(c)[0].id)
    monkeypatch.setattr(auth, "REMEMBERED_S", 0.0)
    assert gateway.client.get("/v1/jobs", headers=key).status_code == 401
    assert gateway.client.get("/v1/jobs", headers=other).status_code == 200


CALLS: list[tuple[str, str, set[str]]] = [
    ("POST", "/v1/searches", {"search", "admin"}),
    ("POST", "/v1/images", {"search", "admin"}),
    ("GET", "/v1/samples", {"search", "admin"}),
    ("GET", "/v1/products", {"catalogue", "admin"}),
    ("GET", "/v1/products/a", {"catalogue", "admin"}),
    ("PUT", "/v1/products/a", {"catalogue", "admin"}),
    ("PATCH", "/v1/products/a", {"catalogue", "admin"}),
    ("DELETE", "/v1/products/a", {"catalogue", "admin"}),
    ("POST", "/v1/imports", {"catalogue", "admin"}),
    ("GET", "/v1/imports/a/errors", {"catalogue", "admin"}),
    ("GET", "/v1/catalogs/a", {"catalogue", "admin"}),
    ("PUT", "/v1/catalogs/a", {"catalogue", "admin"}),
    ("POST", "/v1/catalogs/a:purge", {"admin"}),
    ("GET", "/v1/models", {"catalogue", "admin"}),
    ("GET", "/v1/index", {"catalogue", "admin"}),
]


@pytest.mark.parametrize(("method", "path", "scopes"), CALLS)
def test_each_call_asks_for_its_scope(gateway: Gateway, method: str, path: str, scopes: set[str]) -> None:
    for scope in keys.Scope:
        answer = gateway.client.open(path, method=method, headers=gateway.key("default", scope))
        assert (answer.status_code == 403) == (scope not in scopes), f"{scope}: {answer.status_code}"


def test_jobs_are_seen_by_the_scope_of_their_kind(gateway: Gateway) -> None:
    gateway.make_catalog()
    admin, search, catalogue = (
        gateway.key(),
        gateway.key("default", "search"),
        gateway.key("default", "catalogue"),
    )
    searched = gateway.search(headers=admin).json["id"]
    imported = gateway.send_manifest(headers=admin).json["id"]

    def seen(headers: dict[str, str]) -> set[str]:
        return {job["id"] for job in gateway.client.get("/v1/jobs", headers=headers).json["jobs"]}

    assert (seen(admin), seen(search), seen(catalogue)) == ({searched, imported}, {searched}, {imported})
    for method, suffix in (("GET", ""), ("DELETE", ""), ("POST", ":retry")):
        other = gateway.client.open(f"/v1/jobs/{imported}{suffix}", method=method, headers=search)
        assert other.status_code == 403
    assert gateway.client.get("/v1/jobs?kind=import", headers=search).status_code == 403


def test_health_metrics_contract_and_pages_need_no_key(gateway: Gateway) -> None:
    gateway.key()
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/", "/static/page.js"):
        answer = gateway.client.get(path, headers={"Host": "shop.example"})
        assert answer.status_code == 200, path


def test_a_bootstrap_key_is_made_once_and_never_beside_another(gateway: Gateway) -> None:
    from services.gateway.wiring import _bootstrap

    secret = keys.new_secret()
    _bootstrap(gateway.db, secret)
    _bootstrap(gateway.db, keys.new_secret())
    with gateway.db.read() as c:
        (row,) = keys.listing(c)
        assert keys.find_key(c, secret) == keys.Key(row.id, "default", frozenset({"admin"}), None)
    with gateway.db.write() as c:
        keys.revoke(c, row.id)
    _bootstrap(gateway.db, secret)
    with gateway.db.read() as c:
        assert keys.find_key(c, secret) is None


def test_keys_are_refused_that_could_be_guessed_or_mean_nothing(gateway: Gateway) -> None:
    names = ("", " ", "a\x1b[31m", "x" * 201)
    fields_that_are_wrong: list[dict[str, Any]] = [
        {"secret": "tsk_guess"},
        {"scopes": ["all"]},
        {"scopes": []},
        {"tenant": "A B"},
        *({"name": name} for name in names),
    ]
    for wrong in fields_that_are_wrong:
        fields: dict[str, Any] = {"tenant": "t", "name": "n", "scopes": ["search"], **wrong}
        with gateway.db.write() as c, pytest.raises(InvalidRequest):
            keys.create_key(c, gateway.db, **fields)
    with gateway.db.write() as c, pytest.raises(NotFound):
        keys.revoke(c, "nobody")


def test_a_listing_of_keys_holds_no_hash(gateway: Gateway) -> None:
    gateway.key("shop", "search", rate=7)
    with gateway.db.read() as c:
        (row,) = keys.listing(c)
    assert (row.tenant, row.scopes, row.rate_per_minute) == ("shop", "search", 7)
    assert "hash" not in row._mapping
