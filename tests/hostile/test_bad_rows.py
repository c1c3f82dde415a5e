"""A large import with bad rows of every kind: good ones are searchable, bad ones told, the counts add up."""

from __future__ import annotations

import json
import os
from collections import Counter
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

# ACCEPTANCE.md's row has 100,000; they take some minutes.
ROWS = int(os.environ.get("TUSOU_TEST_ROWS", "1200"))
BAD_EVERY = 20  # 5 %
CATALOG = "bad-rows"


def manifest() -> tuple[bytes, dict[int, tuple[str | None, str]]]:
    """The file, and for the line of each bad row what has to be told of it."""
    lines, wanted = [], {}
    for line in range(1, ROWS + 1):
        row: dict[str, Any] = {"id": f"row-{line}", "title": f"Row {line}", "images": ["good.jpg"]}
        if line % BAD_EVERY:
            lines.append(json.dumps(row))
            continue
        field, reason, change = BAD[line // BAD_EVERY % len(BAD)]
        wanted[line] = (field, reason)
        lines.append(change if isinstance(change, str) else json.dumps({**row, **change}))
    return "\n".join(lines).encode(), wanted


@pytest.fixture(scope="module")
def imported(target: Target) -> tuple[dict[str, Any], dict[int, tuple[str | None, str]]]:
    for name, data in {
        "good.jpg": sound_images()["jpeg"],
        "broken.jpg": broken()["jpeg without a scan"],
        "page.jpg": strangers()["html"],
        "bomb.png": bombs()["png of 11000 x 11000"].data,
    }.items():
        (target.data_folder / name).write_bytes(data)
    data, wanted = manifest()
    form = {"catalog": CATALOG, "base": ""}
    started = target.http.post("/v1/imports", files={"manifest": ("rows.jsonl", data)}, data=form).json()

    def ended() -> Any:
        job = target.http.get(f"/v1/jobs/{started['id']}", params={"wait": 20}).json()
        return job if job["state"] not in ("queued", "running") else None

    return until(ended, within=250 + ROWS / 20, what="the import ends"), wanted


def test_the_counts_add_up(target: Target, imported: Any) -> None:
    job, wanted = imported
    assert job["state"] == "succeeded", job
    result = job["result"]
    assert (result["rows"], result["bad_rows"]) == (ROWS, len(wanted))
    # A row whose photo alone is bad still says what the product is; such a product is not found by a photo.
    without_photo = sum(reason in PHOTO_REASONS for _, reason in wanted.values())
    products = ROWS - len(wanted) + without_photo
    assert result["products_in_catalog"] == products
    assert target.http.get(f"/v1/catalogs/{CATALOG}").json()["products"] == products
    assert result["images"] == ROWS - len(wanted)


def test_each_bad_row_is_told_once_with_its_line_field_and_reason(target: Target, imported: Any) -> None:
    job, wanted = imported
    told = [json.loads(line) for line in target.http.get(f"/v1/imports/{job['id']}/errors").text.splitlines()]
    assert Counter(error["line"] for error in told) == Counter(wanted.keys())
    got = {error["line"]: (error["field"], error["reason"]) for error in told}
    assert {line: got[line] for line in wanted if got[line] != wanted[line]} == {}
    assert all(error["detail"] for error in told)


def test_no_way_in_which_a_row_of_json_can_be_bad_is_left_out() -> None:
    """Other codes are of CSV (tests/unit/test_manifest_delimited.py), of bytes, or of a whole file."""
    elsewhere = {
        FaultCode.UNKNOWN_FIELD, FaultCode.BAD_ENCODING, FaultCode.BAD_QUOTES, FaultCode.COLUMN_COUNT,
        FaultCode.BAD_HEADER, FaultCode.TOO_COMPRESSED, FaultCode.UNREADABLE, FaultCode.PARQUET_MISSING,
        FaultCode.MANIFEST_CRASHED,
    }  # fmt: skip
    assert {reason for _, reason, _ in BAD} - PHOTO_REASONS == set(FaultCode) - elsewhere
    assert BAD_EVERY * len(BAD) <= ROWS, "each of them is in the manifest"


def test_the_good_rows_are_searchable(target: Target, imported: Any) -> None:
    job, wanted = imported
    form = {"catalog": CATALOG, "limit": "100", "min_version": job["result"]["version"]}
    answer = target.http.post(
        "/v1/searches", files={"image": sound_images()["jpeg"]}, data=form, headers={"Prefer": "wait=60"}
    ).json()
    assert answer["state"] == "succeeded", answer
    hits = answer["result"]["items"][0]["hits"]
    found = {hit["product"]["id"] for hit in hits}
    assert len(found) == 100
    assert all(hit["score"] > 0.99 for hit in hits)
    assert not found & {f"row-{line}" for line in wanted}

    def rows_held() -> set[int]:
        indexes = target.http.get("/v1/index").json()["indexes"]
        shards = [shard for index in indexes if index["catalog"] == CATALOG for shard in index["shards"]]
        return {(replica["state"] or {}).get("rows", 0) for shard in shards for replica in shard["replicas"]}

    # A hundred hits do not tell whether a vector was lost; what the index holds does.
    until(lambda: rows_held() == {ROWS - len(wanted)}, within=30, what="the rows of all good products")
