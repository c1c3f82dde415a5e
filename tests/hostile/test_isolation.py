"""Another tenant's ids are unknown ids: same status, same words, nothing seen, nothing changed.

The calls are those of the OpenAPI document; a name in it that `tenant_calls` does not know fails a test, so
that a new call with an id in it is walked too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from shared.db.tables import indexes, jobs, objects
from shared.ids import new_id, random_id
from shared.index.versions import Version
from shared.jobs.job import State, failure
from shared.jobs.kinds import JobKind
from tests.gateway_rig import NOWHERE, SPEC, Gateway
from tests.hostile.tenant_calls import BODIES, IDS, PLAIN, Ids, calls, told
from tests.integration.gateway.test_jobs import HIT, RESULT
from tests.integration.gateway.test_openapi import operations

ONE, TWO = "one", "two"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    url = f"sqlite:///{tmp_path_factory.mktemp('tenants') / 'tusou.db'}"
    gateway = Gateway(url, redis_url=NOWHERE, max_queue_wait=3600.0)
    yield gateway
    gateway.close()
    assert gateway.undocumented == []


@pytest.fixture(scope="module")
def theirs(gateway: Gateway) -> Ids:
    """The world of tenant one: a job of each kind and state, a product, an image, a catalog, an object."""
    key = gateway.key(ONE)
    gateway.make_catalog(tenant=ONE)
    gateway.make_catalog("theirs", tenant=ONE)
    assert gateway.put("Sku-Of-One", headers=key, title="Secret title").status_code == 200
    image_id = gateway.add_image("Sku-Of-One", tenant=ONE, data=b"a secret picture")
    hit = {**HIT, "image_id": image_id}
    seen = {**RESULT["image"], "id": gateway.add_image(tenant=ONE)}
    result = {**RESULT, "image": seen, "main_item": 0, "items": [{**RESULT["items"][0], "hits": [hit]}]}
    made = [gateway.search(headers=key).json["id"] for _ in range(4)]
    for job_id, state in zip(made, (State.SUCCEEDED, State.FAILED, State.CANCELLED), strict=False):
        error = failure("worker_lost", "secret", retryable=True) if state is State.FAILED else None
        gateway.finish(job_id, state, result=result, error=error)
    made.append(gateway.send_manifest(b"id\nsecret\n", headers=key).json["id"])
    photo = gateway.upload(headers=key).json["id"]
    made.append(gateway.put("Photo-Of-One", headers=key, images=[f"upload:{photo}"]).json["id"])
    made.append(gateway.client.get(f"/v1/jobs/{made[0]}/explanations/1", headers=key).json["id"])
    made.append(gateway.client.post("/v1/trainings", json={"name": "net"}, headers=key).json["id"])
    kinds = {row.kind for row in gateway.rows(jobs) if row.tenant == ONE}
    assert kinds == set(JobKind), "a kind of job that this world does not have"
    gateway.store.put("incoming/one/a.csv", b"id\nsecret\n")
    answer = gateway.client.get("/v1/index", headers=key).json["indexes"]
    version = next(index["version"] for index in answer if index["catalog"] == "default")
    assert gateway.put("Gone-Of-One", headers=key, title="Secret too").status_code == 200
    deleted = gateway.client.delete("/v1/products/Gone-Of-One", headers=key).json
    receipt = deleted["receipt"].rpartition("/")[2]
    return Ids(tuple(made), image_id, "Sku-Of-One", "theirs", "one/a.csv", version, receipt)


@pytest.fixture(scope="module")
def unknown(theirs: Ids) -> Ids:
    """Values of the same form that nobody has."""
    never = Version.decode(theirs.version)
    return Ids(
        tuple(new_id() for _ in theirs.jobs),
        random_id(),
        "Sku-Of-Nul",
        "nobody",
        "nul/a.csv",
        Version(new_id(), never.positions).encode(),
        new_id(),
    )


@pytest.fixture(scope="module")
def own(gateway: Gateway) -> dict[str, str]:
    """What tenant two has, who makes the calls."""
    gateway.make_catalog(tenant=TWO)
    image_id = gateway.add_image(tenant=TWO)
    return {"own image": image_id, "own sig": gateway.deps.signer.sign(TWO, image_id, gateway.db.clock())}


def world(gateway: Gateway, tenant: str) -> dict[str, list[str]]:
    """Every row of a tenant, and the bytes of its objects."""
    with gateway.db.read() as c:
        index_ids = list(c.scalars(select(indexes.c.id).where(indexes.c.tenant == tenant)))
        job_ids = list(c.scalars(select(jobs.c.id).where(jobs.c.tenant == tenant)))
        found = {}
        for table in jobs.metadata.sorted_tables:
            if "tenant" in table.c:
                mine = table.c.tenant == tenant
            elif "index_id" in table.c:
                mine = table.c.index_id.in_(index_ids)
            elif "job_id" in table.c:
                mine = table.c.job_id.in_(job_ids)
            else:
                continue
            found[table.name] = sorted(map(repr, c.execute(select(table).where(mine))))
        owned = list(c.execute(select(objects).where(objects.c.tenant == tenant).order_by(objects.c.name)))
    found["bytes"] = [repr(gateway.store.get(o.name, sha256=o.sha256, length=o.length)) for o in owned]
    return found


def test_every_name_in_the_contract_is_an_id_or_known_to_be_none(gateway: Gateway) -> None:
    schemas = SPEC["components"]["schemas"]
    for path, method, operation in operations(SPEC):
        names = {p["name"] for p in operation["parameters"] if p["in"] in ("path", "query")}
        contents = operation.get("requestBody", {}).get("content", {})
        for content in contents.values():
            body = schemas[content["schema"]["$ref"].rpartition("/")[2]]
            names |= set(body["properties"])
        assert names <= set(IDS) | PLAIN, f"{method} {path}: say in this file what these are"
        if "application/json" in contents:
            written = json.dumps(BODIES[method.upper(), path])
            for name in names & set(IDS) - {p["name"] for p in operation["parameters"]} - {"catalog"}:
                assert f'"{name}"' in written, f"{method} {path} is not tried with {name}"


def test_another_tenants_ids_are_unknown_ids_in_every_call(
    gateway: Gateway, theirs: Ids, unknown: Ids, own: dict[str, str]
) -> None:
    key, before, statuses = gateway.key(TWO), world(gateway, ONE), Counter[int]()
    assert all(before[name] for name in ("jobs", "products", "images", "imports", "explanations", "objects"))
    for known, never in zip(calls(theirs, own), calls(unknown, own), strict=True):
        answers = [
            told(gateway.client.open(call.url, method=call.method, json=call.body, headers=key), ids)
            for call, ids in ((known, theirs), (never, unknown))
        ]
        assert answers[0] == answers[1], known
        assert "secret" not in answers[0][1].lower(), known
        if known.method in ("GET", "DELETE") and "{name}" not in known.path:
            assert answers[0][0] in (401, 404) or known.path.startswith(("/v1/products", "/v1/catalogs"))
        statuses[answers[0][0]] += 1
    assert statuses[404] > statuses.total() / 2
    assert world(gateway, ONE) == before


def test_no_list_and_no_open_page_tells_of_another_tenant(gateway: Gateway, theirs: Ids) -> None:
    key = gateway.key(TWO)
    cursor = gateway.client.get("/v1/jobs?limit=1", headers=gateway.key(ONE)).json["next"]
    assert cursor
    for path, method, _ in operations(SPEC):
        if method != "get" or "{" in path:
            continue
        for query in ("", f"?after={cursor}") if path == "/v1/jobs" else ("",):
            said = gateway.client.get(path + query, headers=key).get_data(as_text=True)
            for value in (*theirs.jobs, theirs.image, theirs.version, "Secret"):
                assert value not in said, f"{path}{query} tells {value}"


def test_an_idempotency_key_is_a_tenants_own(gateway: Gateway, theirs: Ids, own: dict[str, str]) -> None:
    same = {"Idempotency-Key": "same-key"}
    mine = gateway.search(headers={**gateway.key(ONE), **same}).json["id"]
    other = gateway.search(headers={**gateway.key(TWO), **same}).json["id"]
    assert mine != other
