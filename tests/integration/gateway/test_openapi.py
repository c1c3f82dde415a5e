"""The OpenAPI document: whole, sound, and true to the routes. That answers match it, every test checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from shared.keys import Scope
from tests.gateway_rig import SPEC, Gateway

METHODS = {"get", "put", "post", "patch", "delete"}


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_is_sound(gateway: Gateway) -> None:
    """The rules of OpenAPI 3.1 that a generator gets wrong most easily."""
    spec = gateway.client.get("/openapi.json").json
    assert spec == SPEC
    assert spec["openapi"].startswith("3.1")
    assert all(spec["info"][name] for name in ("title", "version"))
    ids = [operation["operationId"] for _, _, operation in operations(spec)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(spec):
        where = f"{method} {path}"
        assert path.startswith("/"), where
        assert method in METHODS, where
        assert all(operation[name] for name in ("summary", "responses", "tags")), where
        named = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        assert sorted(named) == sorted(re.findall(r"{(\w+)}", path)), where
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path"), where
        assert len({(p["in"], p["name"]) for p in operation["parameters"]}) == len(operation["parameters"]), (
            where
        )
        assert all(p["schema"] for p in operation["parameters"]), where
        assert all(r["description"] for r in operation["responses"].values()), where
        assert ("requestBody" in operation) <= (method in ("put", "post", "patch")), where


def test_every_reference_leads_somewhere_and_every_schema_is_led_to(gateway: Gateway) -> None:
    spec = gateway.client.get("/openapi.json").json
    schemas = spec["components"]["schemas"]
    led_to = {ref.removeprefix("#/components/schemas/") for ref in references(spec)}
    assert led_to <= set(schemas)
    queries = {name for name in schemas if name.endswith(("Query", "Form"))}  # told as parameters and forms
    assert set(schemas) - led_to <= queries
    assert "$defs" not in json.dumps(schemas)


def test_every_route_is_in_the_document(gateway: Gateway) -> None:
    told = {(method.upper(), path) for path, method, _ in operations(SPEC)}
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in gateway.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule != "/static/<path:name>"
    }
    assert told == served


def test_errors_are_problems_and_come_with_what_they_need(gateway: Gateway) -> None:
    for path, method, operation in operations(SPEC):
        for status, answer in operation["responses"].items():
            where = f"{method} {path} {status}"
            if status[0] in "45" and path != "/readyz":
                assert list(answer["content"]) == ["application/problem+json"], where
            if status in ("429", "503"):
                assert "Retry-After" in answer["headers"], where
            if status in ("201", "202"):
                assert "Location" in answer["headers"], where


def test_a_call_without_a_key_says_so_and_all_others_name_their_scope(gateway: Gateway) -> None:
    assert SPEC["security"] == [{"bearer": []}, {"key": []}]
    assert {"bearer", "key", "signature"} == set(SPEC["components"]["securitySchemes"])
    for path, method, operation in operations(SPEC):
        if operation.get("security") == []:
            assert not path.startswith("/v1/") or path == "/v1/samples/{name}"
        elif operation.get("security") is None:
            named = re.search(r"Scope: (\w+)\.", operation["description"])
            assert (named[1] if named else "") in (*Scope, "any"), f"{method} {path}"


def test_a_search_takes_json_or_a_form_with_a_file(gateway: Gateway) -> None:
    content = SPEC["paths"]["/v1/searches"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    schemas = SPEC["components"]["schemas"]
    assert "image" not in schemas["SearchBody"]["properties"]
    form = schemas[content["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]]
    assert form["properties"]["image"] == {"type": "string", "format": "binary"}
    assert set(schemas["SearchBody"]["properties"]) < set(form["properties"])
