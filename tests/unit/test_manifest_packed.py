"""Gzip and Parquet: read as a stream, refused when they grow out of proportion."""

import gzip
import json
import sys
from decimal import Decimal

import pytest

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, RowError
from tests.unit.manifest_reading import (
    CSV,
    KIB,
    PARQUET,
    SMALL,
    faults,
    ids,
    image_texts,
    parquet_bytes,
    read,
)


def test_gzip_is_read_by_content():
    packed = gzip.compress(b"id,title\n1,a\n")
    assert ids(read(packed)) == ["1"]
    assert ids(read(packed + gzip.compress(b"2,b\n"))) == ["1", "2"]


def test_gzip_cut_off_keeps_the_rows_before_and_says_so():
    rows = "".join(f"{n},{json.dumps(str(n) * 50)}\n" for n in range(5000))
    packed = gzip.compress(f"id,title\n{rows}".encode())
    records = read(packed[: len(packed) // 2])
    end = records[-1]
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == FaultCode.UNREADABLE
    assert end.line == records[-2].line + 1 > 1000
    assert len(ids(records)) == len(records) - 1


def test_a_gzip_bomb_is_stopped_where_it_grows_out_of_proportion():
    bomb = gzip.compress(b"id,title\n" + b"1,a\n" * 200_000)
    records = read(bomb, CSV, SMALL)
    assert isinstance(records[-1], ManifestUnreadable)
    assert records[-1].reason == FaultCode.TOO_COMPRESSED
    assert len(records) < 100_000


def test_a_small_manifest_may_be_packed_as_well_as_it_likes():
    assert len(read(gzip.compress(b"id,title\n" + b"1,a\n" * 10_000))) == 10_001


def test_a_parquet_row_becomes_a_product():
    data = parquet_bytes(
        {
            "ID": [7, 8],
            "title": ["a", None],
            "price": [Decimal("39.90"), None],
            "currency": ["EUR", None],
            "rating": [{"value": 4.5, "count": 3}, None],
            "labels": [["x", "y"], None],
            "image": [["a.jpg"], []],
            "weight": [1, 2],
        }
    )
    first, second, end = read(data, PARQUET)
    assert first.attributes == {
        "title": "a",
        "price": {"amount": "39.90", "currency": "EUR"},
        "rating": {"value": 4.5, "count": 3},
        "labels": ["x", "y"],
    }
    assert image_texts(first) == ["a.jpg"]
    assert (second.line, second.id) == (2, "8")
    assert second.attributes == dict.fromkeys(("title", "price", "rating", "labels"))
    assert end == ManifestDone(0, ("weight",))


def test_parquet_is_read_across_row_groups_and_batches_with_row_numbers():
    data = parquet_bytes({"id": [str(n) for n in range(1000)]}, row_group_size=300)
    records = read(data, PARQUET)
    assert [r.line for r in records[:-1]] == list(range(1, 1001))


def test_a_bad_parquet_cell_spoils_its_row_only():
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    raw = pyarrow.array([b"a", b"\xff", b"c", b"x" * (65 * KIB), b"e"], pyarrow.binary())
    titles = pyarrow.Array.from_buffers(pyarrow.string(), 5, raw.buffers())
    price = [1.5, None, float("nan"), None, float("inf")]
    data = parquet_bytes(
        {"id": ["1", "2", "3", "4", "5"], "title": titles, "price": price, "currency": ["EUR"] * 5}
    )
    records = read(data, PARQUET)
    assert ids(records) == ["1"]
    assert faults(records) == [
        (2, "title", FaultCode.BAD_ENCODING),
        (3, "price", FaultCode.NOT_FINITE),
        (4, None, FaultCode.ROW_TOO_LONG),
        (5, "price", FaultCode.NOT_FINITE),
    ]
    assert [r.product_id for r in records if isinstance(r, RowError)] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"", b"id,title\n1,a\n"])
def test_what_is_no_parquet_is_unreadable(data: bytes):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    (end,) = read(data, PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == FaultCode.UNREADABLE


def test_parquet_without_an_id_is_refused():
    (end,) = read(parquet_bytes({"title": ["a"]}), PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == FaultCode.BAD_HEADER


def test_a_value_repeated_without_end_is_too_compressed():
    """A dictionary-coded column costs nothing in the file, so the rows themselves are counted."""
    data = parquet_bytes({"id": ["x" * 200] * 50_000, "title": ["y" * 1000] * 50_000})
    records = read(data, PARQUET, SMALL)
    assert isinstance(records[-1], ManifestUnreadable)
    assert records[-1].reason == FaultCode.TOO_COMPRESSED
    assert len(records) < 10_000


def test_parquet_within_gzip_is_read():
    assert ids(read(gzip.compress(parquet_bytes({"id": ["1"]})), PARQUET)) == ["1"]


def test_parquet_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (end,) = read(b"PAR1", PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == FaultCode.PARQUET_MISSING
    assert "tusou[parquet]" in end.detail
