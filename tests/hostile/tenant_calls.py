"""Every call that an id can stand in, out of the OpenAPI document, and what of an answer may be compared."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.gateway_rig import SPEC
from tests.integration.gateway.test_openapi import operations

# What stands in a path, a query or a body: an id of a kind, or nothing that belongs to anybody.
IDS = {
    "job_id": "job",
    "image_id": "image",
    "product_id": "product",
    "receipt_id": "receipt",
    "catalog": "catalog",
    "object_key": "object",
    "object_keys": "object",
    "min_version": "version",
    "exclude": "excluded",
    "images": "source",
    "sig": "signature",
    "after": "cursor",
}
PLAIN = {
    "state",
    "kind",
    "limit",
    "wait",
    "purge",
    "hit",
    "item",
    "of",
    "format",
    "force",
    "name",
    "image",
    "image_url",
    "crop",
    "filters",
    "min_score",
    "group_by",
    "explain",
    "store",
    "title",
    "description",
    "price",
    "rating",
    "brand",
    "category",
    "color",
    "labels",
    "availability",
    "url",
    "mode",
    "dry_run",
    "refresh",
    "base",
    "manifest",
    "model",
    "shards",
    "recipe",
    "changes",
    "seed",
}
# Queries that make a call go further into what it finds.
FURTHER = {
    ("DELETE", "/v1/jobs/{job_id}"): ["?purge=true"],
    ("POST", "/v1/catalogs/{catalog}:purge"): ["?force=true"],
    ("GET", "/v1/jobs/{job_id}"): ["?wait=0"],
    ("GET", "/v1/jobs/{job_id}/explanations/{hit}"): ["?of=query", "?of=result&item=0"],
    ("GET", "/v1/imports/{job_id}/errors"): ["?format=csv"],
    ("GET", "/v1/images/{image_id}"): ["?sig={own sig}"],
    ("GET", "/v1/images/{image_id}/thumbnail"): ["?sig={own sig}"],
}
BODIES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("POST", "/v1/searches"): [
        {"image_id": "{image}"},
        {"product_id": "{product}"},
        {"object_key": "incoming/{object}"},
        {"image_id": "{own image}", "min_version": "{version}"},
        {"image_id": "{own image}", "catalog": "{catalog}"},
        {"image_id": "{own image}", "exclude": {"image_ids": ["{image}"], "product_ids": ["{product}"]}},
    ],
    ("PUT", "/v1/products/{product_id}"): [
        {"title": "x"},
        {"images": ["upload:{image}"]},
        {"images": ["object:incoming/{object}"]},
    ],
    ("PATCH", "/v1/products/{product_id}"): [{"title": "x"}, {"images": ["upload:{image}"]}],
    ("POST", "/v1/imports"): [
        {"object_keys": ["incoming/{object}"]},
        {"object_keys": ["incoming/two/a.csv"], "catalog": "{catalog}"},
    ],
    ("PUT", "/v1/catalogs/{catalog}"): [{}, {"shards": 2}],
    ("POST", "/v1/trainings"): [{"name": "net", "catalog": "{catalog}"}],
}


@dataclass(frozen=True)
class Ids:
    """A value of each kind that stands in a path or body."""

    jobs: tuple[str, ...]
    image: str
    product: str
    catalog: str
    object: str
    version: str
    receipt: str

    def values(self) -> dict[str, str]:
        """Each by its kind; the catalog last, whose name may be part of another value."""
        return {
            "image": self.image,
            "product": self.product,
            "object": self.object,
            "version": self.version,
            "receipt": self.receipt,
            "catalog": self.catalog,
        }


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    url: str
    body: dict[str, Any] | None


def calls(ids: Ids, own: dict[str, str]) -> Iterator[Call]:
    """Every call that an id can stand in, with this tenant's or nobody's ids; in the same order for both."""
    values = ids.values() | own
    for path, method, _ in operations(SPEC):
        verb = method.upper()
        bodies = BODIES.get((verb, path), [None] if "{" in path else [])
        queries = ["", *FURTHER.get((verb, path), [])]
        for job_id, query, body in itertools.product(
            ids.jobs if "{job_id}" in path else [""], queries, bodies
        ):
            names = {
                "job_id": job_id,
                "image_id": ids.image,
                "product_id": ids.product,
                "receipt_id": ids.receipt,
                "catalog": ids.catalog,
            }
            url = path.format(**names, hit=1, name="a.jpg") + query.format(**own)
            yield Call(verb, path, url, _filled(body, values))


def _filled(body: dict[str, Any] | None, values: dict[str, str]) -> dict[str, Any] | None:
    text = json.dumps(body)
    for kind, value in values.items():
        text = text.replace("{" + kind + "}", value)
    filled: dict[str, Any] | None = json.loads(text)
    return filled


def told(answer: TestResponse, ids: Ids) -> tuple[int, str, dict[str, str]]:
    """Status, words and headers without the ids and what differs between any two answers."""

    def plain(text: str) -> str:
        for job_id in ids.jobs:
            text = text.replace(job_id, "<job>")
        for kind, value in ids.values().items():
            text = text.replace(value, f"<{kind}>")
        text = re.sub(r"\b[0-9a-hjkmnp-tv-z]{26}\b", "<new id>", text)
        text = re.sub(r'"version":\s*"[^"]*"', "<version>", text)
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)

    headers = {
        name: plain(value) for name, value in answer.headers.items() if name not in ("Date", "Content-Length")
    }
    return answer.status_code, plain(answer.get_data(as_text=True)), headers
