"""A large import with bad rows of every kind: good ones are searchable, bad ones told, the counts add up."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from shared.catalog.fault_codes import FaultCode
from tests.deployment import until
from tests.hostile.bad_rows import BAD, PHOTO_REASONS
from tests.hostile.conftest import Target
from tests.hostile.images.bombs import bombs
from tests.hostile.images.broken import broken
from tests.hostile.images.sound import sound_images
from tests.hostile.images.strangers import strangers

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(3600)]

# Of each format. 100,000 take some minutes.
ROWS = int(os.environ.get("TUSOU_TEST_ROWS", "1200"))
BAD_EVERY = 20  # 5 %
COLUMNS = ("id", "title", "price", "currency", "rating", "availability", "url", "brand", "labels", "images")

# Line, field and reason of each bad row.
Wanted = dict[int, tuple[str | None, str]]


@dataclass(frozen=True)
class Imported:
    """An import that has ended, and what has to be told of it."""

    job: dict[str, Any]
    wanted: Wanted
    catalog: str


def manifest(kind: str) -> tuple[bytes, Wanted]:
    """The file, and what has to be told of it; CSV has a header row before."""
    lines, wanted = [] if kind == "jsonl" else [",".join((*COLUMNS, "description")).encode()], {}
    bad, to_line = BAD[kind], json_line if kind == "jsonl" else csv_line
    for number in range(1, ROWS + 1):
        row: dict[str, Any] = {"id": f"{kind}-{number}", "title": f"Row {number}", "images": ["good.jpg"]}
        if number % BAD_EVERY:
            lines.append(to_line(row))
            continue
        field, reason, change = bad[number // BAD_EVERY % len(bad)]
        lines.append(change if isinstance(change, bytes) else to_line({**row, **change}))
        wanted[len(lines)] = (field, reason)
    return b"\n".join(lines), wanted


def json_line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode()


def csv_line(row: dict[str, Any]) -> bytes:
    cells = (row.get(column, "") for column in (*COLUMNS, "description"))
    return ",".join("|".join(cell) if isinstance(cell, list) else str(cell) for cell in cells).encode()


@pytest.fixture(scope="module", params=list(BAD))
def imported(target: Target, request: pytest.FixtureRequest) -> Imported:
    for name, data in {
        "good.jpg": sound_images()["jpeg"],
        "broken.jpg": broken()["jpeg without a scan"],
        "page.jpg": strangers()["html"],
        "bomb.png": bombs()["png of 11000 x 11000"].data,
    }.items():
        (target.data_folder / name).write_bytes(data)
    catalog = f"bad-rows-{request.param}"
    data, wanted = manifest(request.param)
    form = {"catalog": catalog, "base": ""}
    files = {"manifest": (f"rows.{request.param}", data)}
    started = target.http.post("/v1/imports", files=files, data=form).json()

    def ended() -> Any:
        job = target.http.get(f"/v1/jobs/{started['id']}", params={"wait": 20}).json()
        return job if job["state"] not in ("queued", "running") else None

    return Imported(until(ended, within=250 + ROWS / 20, what="the import ends"), wanted, catalog)


def test_the_counts_add_up(target: Target, imported: Imported) -> None:
    job, wanted = imported.job, imported.wanted
    assert job["state"] == "succeeded", job
    result = job["result"]
    assert (result["rows"], result["bad_rows"]) == (ROWS, len(wanted))
    # A row whose photo alone is bad still says what the product is; such a product is not found by a photo.
    without_photo = sum(reason in PHOTO_REASONS for _, reason in wanted.values())
    products = ROWS - len(wanted) + without_photo
    assert result["products_in_catalog"] == products
    assert target.http.get(f"/v1/catalogs/{imported.catalog}").json()["products"] == products
    assert result["images"] == ROWS - len(wanted)


def test_each_bad_row_is_told_once_with_its_line_field_and_reason(target: Target, imported: Imported) -> None:
    job, wanted = imported.job, imported.wanted
    told = [json.loads(line) for line in target.http.get(f"/v1/imports/{job['id']}/errors").text.splitlines()]
    assert Counter(error["line"] for error in told) == Counter(wanted.keys())
    got = {error["line"]: (error["field"], error["reason"]) for error in told}
    assert {line: got[line] for line in wanted if got[line] != wanted[line]} == {}
    assert all(error["detail"] and error["manifest"].startswith("rows.") for error in told)


def test_no_way_in_which_a_row_can_be_bad_is_left_out() -> None:
    """Other codes are of a single write, or of a whole file."""
    elsewhere = {
        FaultCode.UNKNOWN_FIELD, FaultCode.BAD_HEADER, FaultCode.TOO_COMPRESSED, FaultCode.UNREADABLE,
        FaultCode.PARQUET_MISSING, FaultCode.MANIFEST_CRASHED,
    }  # fmt: skip
    of_json = {
        FaultCode.BAD_TYPE, FaultCode.BAD_JSON, FaultCode.NOT_FINITE, FaultCode.NOT_AN_OBJECT,
        FaultCode.TOO_DEEP,
    }  # fmt: skip
    of_csv = {FaultCode.BAD_QUOTES, FaultCode.COLUMN_COUNT}
    told = {kind: {reason for _, reason, _ in bad} for kind, bad in BAD.items()}
    assert told["jsonl"] - PHOTO_REASONS == set(FaultCode) - elsewhere - of_csv
    assert told["csv"] - PHOTO_REASONS == set(FaultCode) - elsewhere - of_json
    assert all(reasons >= PHOTO_REASONS for reasons in told.values())
    assert all(BAD_EVERY * len(bad) <= ROWS for bad in BAD.values()), "each of them is in the manifest"


def test_the_good_rows_are_searchable(target: Target, imported: Imported) -> None:
    job, wanted = imported.job, imported.wanted
    form = {"catalog": imported.catalog, "limit": "100", "min_version": job["result"]["version"]}
    answer = target.http.post(
        "/v1/searches", files={"image": sound_images()["jpeg"]}, data=form, headers={"Prefer": "wait=60"}
    ).json()
    assert answer["state"] == "succeeded", answer
    hits = answer["result"]["items"][0]["hits"]
    found = {hit["product"]["id"] for hit in hits}
    assert len(found) == 100
    assert all(hit["score"] > 0.99 for hit in hits)
    assert not any(int(product_id.rpartition("-")[2]) % BAD_EVERY == 0 for product_id in found)

    def rows_held() -> set[int]:
        indexes = target.http.get("/v1/index").json()["indexes"]
        shards = [
            shard for index in indexes if index["catalog"] == imported.catalog for shard in index["shards"]
        ]
        return {(replica["state"] or {}).get("rows", 0) for shard in shards for replica in shard["replicas"]}

    # A hundred hits do not tell whether a vector was lost; what the index holds does.
    until(lambda: rows_held() == {ROWS - len(wanted)}, within=30, what="the rows of all good products")
