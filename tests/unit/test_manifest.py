"""Manifests of any format: which one it is, the wire between processes, and whatever the bytes are."""

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.formats import ManifestFormat, detect_format
from shared.catalog.manifest.limits import ManifestLimits
from shared.catalog.manifest.lines import physical_lines
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, Record, RowError
from shared.catalog.manifest.wire import from_json, to_json
from tests.unit.manifest_reading import CSV, JSONL, KIB, PARQUET, TSV, only_row, read

at_any_speed = settings(deadline=None)  # the machine may be busy


@pytest.mark.parametrize(
    ("data", "name", "content_type", "kind"),
    [
        (b"PAR1....", "a.csv", "text/csv", PARQUET),
        (b'\xef\xbb\xbf\n {"id": 1}', "a.csv", "text/csv", JSONL),
        (b"[\n", "", "", JSONL),
        (b"id\ttitle", "", "", TSV),
        (b"id,a\tb", "a.csv", "", CSV),
        (b"id\ta,b", "A.TSV.GZ", "text/csv", TSV),
        (b"id,title", "", "text/tab-separated-values; charset=utf-8", TSV),
        (b"id,title", "manifest", "application/octet-stream", CSV),
        (b"", "", "", CSV),
    ],
)
def test_the_format_is_told_by_content_then_name_then_type(
    data: bytes, name: str, content_type: str, kind: ManifestFormat
):
    assert detect_format(io.BytesIO(data), name, content_type) is kind
    packed = io.BytesIO(gzip.compress(data))
    assert detect_format(packed, name, content_type) is kind
    assert packed.tell() == 0


RECORDS: list[Record] = [
    only_row('{"id": "1", "title": "一", "price": "1 EUR", "images": ["a.jpg", "upload:x"]}', JSONL),
    ProductRow(3, "2", {}, None, None),
    RowError(2, "price", FaultCode.BAD_PRICE, "detail", "S-1"),
    RowError(2, None, FaultCode.BAD_JSON, "detail"),
    ManifestDone(3, ("a", "b")),
    ManifestUnreadable(9, FaultCode.TOO_COMPRESSED, "detail"),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_survives_json(record: Record):
    assert from_json(json.loads(json.dumps(to_json(record)))) == record


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"row": 1},
        {"row": {"line": 1, "id": "", "attributes": {}}},
        {"row": {"line": 1, "id": "1", "attributes": {"price": "1"}}},
        {"row": {"line": 1, "id": "1", "attributes": {}, "images": ["/etc/passwd"]}},
        {"row": {"line": 1, "id": "1", "attributes": {}, "images": [3]}},
        {"row": {"line": 1, "id": "1", "attributes": {}, "more": 1}},
        {"error": {"line": 1}},
        {"else": {}},
    ],
)
def test_what_is_no_record_is_refused(value: dict[str, Any]):
    with pytest.raises(ValueError, match="not"):
        from_json(value)


SPICE = st.sampled_from(
    [bytes([byte]) for byte in b',\t\n\r"|{}[:1\0\xff']
    + b'\r\n "" id "id" price EUR NaN \xef\xbb\xbf PAR1 \x1f\x8b\x08\0 \\ud800'.split(b" ")
)
messy = st.lists(SPICE | st.binary(max_size=8), max_size=40).map(b"".join)


def check_any(data: bytes, kind: ManifestFormat) -> None:
    records = read(data, kind, ManifestLimits(row_bytes=64))
    *rows, end = records
    assert isinstance(end, ManifestDone | ManifestUnreadable)
    assert all(isinstance(row, ProductRow | RowError) for row in rows)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines)), "each line starts one row at most"
    for record in records:
        text = json.dumps(to_json(record))
        assert from_json(json.loads(text)) == record
        assert "\\u0000" not in text
        text.encode()


@at_any_speed
@given(messy)
def test_any_bytes_give_records_and_one_end(data: bytes):
    for kind in (CSV, TSV, JSONL):
        check_any(data, kind)


@at_any_speed
@given(messy)
def test_any_bytes_below_a_header_give_records_and_one_end(data: bytes):
    check_any(b"id,title,price,image\n" + data, CSV)


@at_any_speed
@given(messy)
def test_any_bytes_within_gzip_give_records_and_one_end(data: bytes):
    check_any(gzip.compress(data), CSV)
    check_any(gzip.compress(data)[:-3], JSONL)
    check_any(b"\x1f\x8b" + data, CSV)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@at_any_speed
@given(st.lists(st.tuples(cells.filter(bool), cells), max_size=20))
def test_what_a_csv_writer_writes_is_read_back_byte_identical(rows: list[tuple[str, str]]):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([("id", "title"), *rows])
    records = read(text.getvalue())
    assert [(r.id, r.attributes["title"] or "") for r in records[:-1]] == rows


@at_any_speed
@given(messy, st.integers(1, 40), st.integers(1, 40))
def test_lines_are_the_same_however_the_file_hands_out_its_bytes(data: bytes, limit: int, step: int):
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(max(step, 3) if size is None or size < 0 else min(size, max(step, 3)))

    whole = list(physical_lines(io.BytesIO(data), limit))
    assert list(physical_lines(Dribble(data), limit)) == whole
    expected = data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    assert [line.number for line in whole] == list(range(1, len(expected) + 1))
    assert [line.data for line in whole if not line.cut] == [
        e for e in expected if len(e.rstrip(b"\r\n")) <= limit
    ]


def test_a_line_without_end_is_not_held_in_memory():
    class Endless(io.RawIOBase):
        left = 64 * 1024 * KIB

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            count = min(len(buffer), self.left)
            self.left -= count
            buffer[:count] = b"x" * count
            return count

    tracemalloc.start()
    (line,) = physical_lines(io.BufferedReader(Endless()), 64 * KIB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert line.cut
    assert peak < 1024 * KIB


def test_reading_starts_before_the_file_ends():
    def endless() -> Iterator[bytes]:
        yield b"id,title\n"
        while True:
            yield b"1,a\n" * 1000

    class Stream(io.RawIOBase):
        blocks = endless()

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            block = next(self.blocks)
            buffer[: len(block)] = block
            return len(block)

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

    records = read_rows(io.BufferedReader(Stream()), CSV)
    assert all(isinstance(next(records), ProductRow) for _ in range(5000))
