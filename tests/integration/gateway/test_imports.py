"""POST /v1/imports and the file of its bad rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pytest
from sqlalchemy import Row, insert

from services.gateway.accepting import errors_file
from services.gateway.load.admission import Admission
from shared.catalog.manifest.formats import ManifestFormat
from shared.db.tables import catalogs, imports, jobs, objects, row_errors
from shared.jobs.import_request import ImportOptions, StoredManifest
from shared.jobs.job import State
from shared.messages import Nudge
from shared.topology import VISION_NUDGE
from tests.gateway_rig import FINGERPRINT, Gateway
from tests.integration.gateway.conftest import Open

MANIFEST = b"id,title\n1,One\n2,Two\n"


def manifests_of(plan: Row[Any]) -> list[StoredManifest]:
    return [StoredManifest.from_json(m) for m in plan.manifests]


def test_a_manifest_is_stored_and_becomes_a_plan(gateway: Gateway) -> None:
    gateway.serve_model()
    answer = gateway.send_manifest(MANIFEST)
    assert answer.status_code == 202
    (job,), (plan,), (owner,) = gateway.rows(jobs), gateway.rows(imports), gateway.rows(objects)
    assert answer.headers["Location"] == f"/v1/jobs/{job.id}"
    assert (job.kind, job.stage, job.catalog, job.fingerprint) == ("import", "plan", "default", FINGERPRINT)
    assert (job.accept_no, job.request) == (1, {})
    assert manifests_of(plan) == [StoredManifest(owner.name, "products.csv", ManifestFormat.CSV)]
    assert ImportOptions.from_json(plan.options) == ImportOptions(gateway.settings.chunk_rows)
    assert (plan.planned, plan.rows, plan.bad_rows) == (False, 0, 0)
    assert gateway.store.get(owner.name, sha256=owner.sha256, length=owner.length) == MANIFEST
    assert gateway.dispatcher.sent == [(VISION_NUDGE, Nudge(), None)]
    assert answer.json["progress"]["planned"] is False


def test_options_are_kept(gateway: Gateway) -> None:
    gateway.serve_model()
    gateway.send_manifest(mode="replace", dry_run="false", force="true", refresh="true", base="photos/2026/")
    assert ImportOptions.from_json(gateway.rows(imports)[0].options) == ImportOptions(
        gateway.settings.chunk_rows, mode="replace", force=True, refresh=True, base="photos/2026"
    )


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.tsv", b"id\ttitle\n", "tsv"),
        ("a.jsonl", b'{"id": "1"}\n', "jsonl"),
        ("a.csv.gz", gzip.compress(MANIFEST, mtime=0), "csv"),
        ("a", b"PAR1....", "parquet"),
        ("a.csv", b'{"id": "1"}\n', "jsonl"),
        ("a", b"id\ttitle\n", "tsv"),
    ],
)
def test_the_format_is_told_by_the_bytes_or_the_name(
    gateway: Gateway, name: str, data: bytes, found: str
) -> None:
    gateway.serve_model()
    gateway.send_manifest(data, name)
    assert gateway.rows(imports)[0].manifests[0]["format"] == found


def test_several_manifests_keep_their_order(gateway: Gateway) -> None:
    gateway.serve_model()
    files = [(io.BytesIO(MANIFEST), "b.csv"), (io.BytesIO(b"id\n9\n"), "a.csv")]
    assert gateway.client.post("/v1/imports", data={"manifest": files}).status_code == 202
    assert [m["name"] for m in gateway.rows(imports)[0].manifests] == ["b.csv", "a.csv"]
    assert len(gateway.rows(objects)) == 2


def test_object_keys_are_noted_and_not_read(gateway: Gateway) -> None:
    gateway.serve_model()
    body = {"object_keys": ["incoming/default/2026/all.CSV.gz"], "catalog": "default"}
    assert gateway.client.post("/v1/imports", json=body).status_code == 202
    assert manifests_of(gateway.rows(imports)[0]) == [
        StoredManifest("incoming/default/2026/all.CSV.gz", "all.CSV.gz", ManifestFormat.CSV, incoming=True)
    ]
    assert gateway.rows(objects) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "manifest"),
        ({"object_keys": []}, "manifest"),
        ({"object_keys": ["incoming/other/a.csv"]}, "object_keys"),
        ({"object_keys": ["incoming/default/../other/a.csv"]}, "object_keys"),
        ({"object_keys": ["manifests/2026010100/default/x.csv"]}, "object_keys"),
        ({"object_keys": ["incoming/default/a.xlsx"]}, "object_keys"),
        ({"object_keys": ["incoming/default/a.csv", "incoming/default/a.csv"]}, "object_keys"),
        ({"object_keys": ["incoming/default/a.csv"], "mode": "merge"}, "mode"),
        ({"object_keys": ["incoming/default/a.csv"], "base": "../x"}, "base"),
        ({"object_keys": ["incoming/default/a.csv"], "base": "/etc"}, "base"),
        ({"object_keys": ["incoming/default/a.csv", "incoming/default/b.csv"], "name": "x.csv"}, "name"),
        ({"object_keys": ["incoming/default/a.csv"], "dry": True}, "dry"),
    ],
)
def test_a_field_that_does_not_fit_is_named(gateway: Gateway, body: dict[str, Any], field: str) -> None:
    gateway.serve_model()
    answer = gateway.client.post("/v1/imports", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
    assert gateway.rows(jobs) == []


def test_an_empty_manifest_or_another_file_is_refused(gateway: Gateway) -> None:
    gateway.serve_model()
    empty = gateway.send_manifest(b"")
    assert (empty.status_code, empty.json["code"]) == (422, "empty_manifest")
    other = gateway.client.post("/v1/imports", data={"image": (io.BytesIO(b"x"), "a.csv")})
    assert other.json["errors"][0]["field"] == "image"
    assert gateway.rows(objects) == []


def test_a_manifest_over_the_limit_is_413(open_gateway: Open) -> None:
    gateway = open_gateway(max_manifest_bytes=1000)
    gateway.serve_model()
    answer = gateway.send_manifest(b"id\n" + b"1\n" * 100_000)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert gateway.rows(objects) == []


def test_a_first_import_makes_its_catalog_and_a_dry_run_does_not(gateway: Gateway) -> None:
    unknown = gateway.send_manifest(catalog="shoes")
    assert (unknown.status_code, unknown.json["code"]) == (503, "model_unknown")
    assert gateway.send_manifest(catalog="shoes", dry_run="true").status_code == 202
    assert gateway.rows(catalogs) == []
    gateway.serve_model()
    assert gateway.send_manifest(catalog="shoes").status_code == 202
    assert [row.name for row in gateway.rows(catalogs)] == ["shoes"]


def test_so_many_open_imports_and_no_more(open_gateway: Open) -> None:
    gateway = open_gateway(max_open_imports=1)
    gateway.serve_model()
    first, other = ({"Idempotency-Key": key} for key in ("first", "other"))
    job_id = gateway.send_manifest(headers=first).json["id"]
    answer = gateway.send_manifest()
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")
    assert gateway.send_manifest(headers=other).status_code == 429
    assert gateway.send_manifest(headers=first).json["id"] == job_id, "who asks again is told what there is"
    assert int(answer.headers["Retry-After"]) > 0
    assert len(gateway.rows(objects)) == 1
    gateway.finish(job_id, State.SUCCEEDED)
    assert gateway.send_manifest().status_code == 202


def test_imports_that_came_past_the_first_look_together_are_counted_again(
    open_gateway: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = open_gateway(max_open_imports=1)
    gateway.serve_model()
    monkeypatch.setattr(Admission, "new_import", lambda *_: None)
    assert gateway.send_manifest().status_code == 202
    answer = gateway.send_manifest()
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")
    assert len(gateway.rows(jobs)) == 1


BAD_ROWS = [
    {
        "chunk": 2,
        "no": 0,
        "line": 7,
        "product_id": "=1+1",
        "field": "price",
        "reason": "bad_price",
        "detail": "-5",
    },
    {
        "chunk": 1,
        "no": 1,
        "line": 3,
        "product_id": None,
        "field": "id",
        "reason": "missing_id",
        "detail": '@x, "y"',
    },
    {
        "chunk": 1,
        "no": 0,
        "line": 3,
        "product_id": "商\n品",
        "field": "images",
        "reason": "url_failed",
        "detail": "…",
    },
]


def with_bad_rows(gateway: Gateway) -> str:
    gateway.serve_model()
    job_id = str(gateway.send_manifest(MANIFEST).json["id"])
    with gateway.db.write() as c:
        c.execute(insert(row_errors), [{"job_id": job_id, "manifest": 0, **row} for row in BAD_ROWS])
    return job_id


def test_bad_rows_are_told_exactly_as_jsonl_in_the_order_of_the_file(gateway_anywhere: Gateway) -> None:
    gateway = gateway_anywhere
    job_id = with_bad_rows(gateway)
    answer = gateway.client.get(f"/v1/imports/{job_id}/errors")
    assert answer.mimetype == "application/jsonl"
    assert "attachment" in answer.headers["Content-Disposition"]
    told = [json.loads(line) for line in answer.text.split("\n") if line]
    kept = ("line", "product_id", "field", "reason", "detail")
    wanted = [BAD_ROWS[2], BAD_ROWS[1], BAD_ROWS[0]]
    assert told == [{"manifest": "products.csv", **{name: row[name] for name in kept}} for row in wanted]


def test_no_cell_of_the_csv_is_a_formula(gateway: Gateway) -> None:
    job_id = with_bad_rows(gateway)
    answer = gateway.client.get(f"/v1/imports/{job_id}/errors?format=csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["product_id"] for row in rows] == ["商\n品", "", "'=1+1"]
    assert [row["detail"] for row in rows] == ["…", '\'@x, "y"', "'-5"]
    assert [row["line"] for row in rows] == ["3", "3", "7"]


def test_bad_rows_are_read_page_by_page(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors_file, "PAGE_ROWS", 2)
    job_id = with_bad_rows(gateway)
    assert gateway.client.get(f"/v1/imports/{job_id}/errors").text.count("\n") == 3


def test_an_import_without_bad_rows_has_an_empty_file(gateway: Gateway) -> None:
    gateway.serve_model()
    job_id = gateway.send_manifest().json["id"]
    assert gateway.client.get(f"/v1/imports/{job_id}/errors").text == ""
    assert gateway.client.get(f"/v1/imports/{job_id}/errors?format=csv").text.count("\n") == 1


def test_only_an_import_has_bad_rows(gateway: Gateway) -> None:
    gateway.make_catalog()
    job_id = gateway.search().json["id"]
    assert gateway.client.get(f"/v1/imports/{job_id}/errors").status_code == 404
    assert gateway.client.get("/v1/imports/nobody/errors").status_code == 404
    assert gateway.client.get("/v1/imports/nobody/errors?format=xls").status_code == 422
