"""Whatever is sent, the gateway answers: never a 5xx of its own making, never a code it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway_rig import NOWHERE, Gateway

KNOWN = {
    "invalid_request",
    "bad_character",
    "not_finite",
    "not_found",
    "too_large",
    "bad_source",
    "bad_version",
    "bad_price",
    "bad_currency",
    "bad_rating",
    "value_too_long",
    "too_many_values",
    "unknown_availability",
    "bad_url",
    "not_yet",
    "no_image",
    "model_unknown",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "image_url",
    "image_id",
    "product_id",
    "object_key",
    "crop",
    "filters",
    "limit",
    "min_score",
    "exclude",
    "group_by",
    "catalog",
    "min_version",
    "store",
    "title",
    "price",
    "rating",
    "labels",
    "availability",
    "url",
    "images",
    "shards",
    "model",
    "object_keys",
    "mode",
    "base",
    "name",
    "dry_run",
]
bodies = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), json_values, max_size=5)
CALLS = [
    ("POST", "/v1/searches"),
    ("PUT", "/v1/products/a"),
    ("PATCH", "/v1/products/a"),
    ("PUT", "/v1/catalogs/shoes"),
    ("POST", "/v1/imports"),
]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """One gateway for all examples: what they leave behind is part of the game."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    gateway = Gateway(f"sqlite:///{folder / 'tusou.db'}", redis_url=NOWHERE, max_queue_wait=3600.0)
    gateway.make_catalog()
    gateway.put("a", title="One")
    return gateway


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(CALLS), body=bodies)
def test_any_json_is_taken_or_refused_by_a_known_code(one: Gateway, call: tuple[str, str], body: Any) -> None:
    method, path = call
    answer = one.client.open(path, method=method, data=json.dumps(body), content_type="application/json")
    assert answer.status_code < 500 or answer.status_code in (501, 503), answer.text
    if answer.status_code >= 400:
        assert answer.json["code"] in KNOWN | {"imports_open", "catalog_fixed", "overloaded"}
    assert one.undocumented == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", ""]),
)
def test_any_bytes_are_refused(one: Gateway, body: bytes, kind: str) -> None:
    for path in ("/v1/searches", "/v1/images", "/v1/imports"):
        answer = one.client.post(path, data=body, content_type=kind)
        assert 400 <= answer.status_code < 500, (path, answer.text)
