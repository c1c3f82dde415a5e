"""Manifests: every row gives a product or a reason, whatever the format and whatever the bytes."""

import gzip
import io
import json
import sys
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.manifest.formats import ManifestFormat, detect_format
from shared.catalog.manifest.limits import DEFAULT_LIMITS, ManifestLimits
from shared.catalog.manifest.lines import physical_lines
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, Record, RowError
from shared.catalog.manifest.wire import from_json, to_json
from shared.catalog.reasons import Reason

CSV, TSV, JSONL, PARQUET = ManifestFormat
KIB = 1024
at_any_speed = settings(deadline=None)  # the machine may be busy
SMALL = ManifestLimits(ratio_from_bytes=64 * KIB)


def read(
    data: bytes | str, kind: ManifestFormat = CSV, limits: ManifestLimits = DEFAULT_LIMITS
) -> list[Record]:
    raw = data.encode() if isinstance(data, str) else data
    return list(read_rows(io.BytesIO(raw), kind, limits))


def only_row(data: bytes | str, kind: ManifestFormat = CSV) -> ProductRow:
    row, end = read(data, kind)
    assert isinstance(row, ProductRow), row
    assert isinstance(end, ManifestDone)
    return row


def only_error(data: bytes | str, kind: ManifestFormat = CSV) -> RowError:
    error, end = read(data, kind)
    assert isinstance(error, RowError), error
    assert isinstance(end, ManifestDone)
    return error


def faults(records: list[Record]) -> list[tuple[int, str | None, str]]:
    return [(r.line, r.field, r.reason) for r in records if isinstance(r, RowError)]


def ids(records: list[Record]) -> list[str]:
    return [r.id for r in records if isinstance(r, ProductRow)]


def image_texts(row: ProductRow) -> list[str] | None:
    return None if row.images is None else [source.text for source in row.images]


def parquet_bytes(columns: dict[str, Any], **options: Any) -> bytes:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file, **options)
    return file.getvalue()


# CSV and TSV


def test_a_csv_row_becomes_a_product():
    row = only_row(
        "sku,Title,colour,Price,currency,rating,rating_count,labels,availability,url,images,image_version\n"
        "S-1, Linen ,navy,39.90,EUR,4.6,212,summer|sale,In Stock,https://s.example/1,a.jpg| b.jpg,v2\n"
    )
    assert row == ProductRow(
        line=2,
        id="S-1",
        attributes={
            "title": " Linen ",
            "color": "navy",
            "price": {"amount": "39.90", "currency": "EUR"},
            "rating": {"value": 4.6, "count": 212},
            "labels": ["summer", "sale"],
            "availability": "in_stock",
            "url": "https://s.example/1",
        },
        images=row.images,
        image_version="v2",
    )
    assert image_texts(row) == ["a.jpg", "b.jpg"]


def test_an_empty_cell_clears_its_attribute_and_a_missing_column_leaves_it():
    row = only_row("id,title,price,image\n1,,,\n")
    assert row.attributes == {"title": None, "price": None}
    assert row.images == ()
    assert only_row("id\n1\n").images is None


def test_tsv_is_separated_by_tabs():
    row = only_row("id\ttitle\n1\ta, b\n", TSV)
    assert row.attributes == {"title": "a, b"}


def test_unknown_and_second_best_columns_are_ignored_and_named_once():
    records = read("sku,id,weight,name,title,weight,we\0ird\n1,2,3,4,5,6,7\n1,3,,,,,\n")
    assert ids(records) == ["2", "3"]
    assert records[0].attributes == {"title": "5"}
    assert records[-1] == ManifestDone(2, 0, ("sku", "weight", "name", r"'we\x00ird'"))


def test_numbered_image_columns_follow_the_list_and_repeat_nothing():
    row = only_row("image_2,id,image_1,image_url\nc.jpg,1,b.jpg,a.jpg|b.jpg\n")
    assert image_texts(row) == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_byte_order_mark_and_any_line_end_are_read():
    for end in ("\n", "\r\n", "\r"):
        records = read(b"\xef\xbb\xbf" + f'id,title{end}1,"a{end}b"{end}{end}2,c'.encode())
        assert ids(records) == ["1", "2"]
        assert [r.line for r in records[:-1]] == [2, 5]
        assert records[0].attributes == {"title": f"a{end}b"}


def test_a_row_of_empty_cells_is_no_row():
    assert read("id,title\n,\n1,a\n,\n")[-1] == ManifestDone(1, 0)


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        (",t,1,EUR,4,a.jpg", "id", Reason.MISSING_ID),
        ("x" * 257 + ",t,1,EUR,4,a.jpg", "id", Reason.ID_TOO_LONG),
        ("1,a\0b,1,EUR,4,a.jpg", "title", Reason.BAD_CHARACTER),
        ("1," + "x" * (17 * KIB) + ",1,EUR,4,a.jpg", "title", Reason.VALUE_TOO_LONG),
        ('1,t,"1,50",EUR,4,a.jpg', "price", Reason.BAD_PRICE),
        ("1,t,NaN,EUR,4,a.jpg", "price", Reason.BAD_PRICE),
        ("1,t,1,,4,a.jpg", "price", Reason.BAD_CURRENCY),
        ("1,t,1,EUR,six,a.jpg", "rating", Reason.BAD_RATING),
        ("1,t,1,EUR,6,a.jpg", "rating", Reason.BAD_RATING),
        ("1,t,1,EUR,4,../a.jpg", "images", Reason.BAD_SOURCE),
        ("1,t,1,EUR,4," + "|".join(f"{n}.jpg" for n in range(101)), "images", Reason.TOO_MANY_VALUES),
        ("1,t,1,EUR,4", None, Reason.COLUMN_COUNT),
        ("1,t,1,EUR,4,a.jpg,", None, Reason.COLUMN_COUNT),
        ('1,"t"t,1,EUR,4,a.jpg', None, Reason.BAD_QUOTES),
        ("1," + "x" * (64 * KIB) + ",1,EUR,4,a.jpg", None, Reason.ROW_TOO_LONG),
    ],
)
def test_a_bad_row_is_told_with_line_field_and_reason(cells: str, field: str | None, reason: Reason):
    """Between two good rows, which it must not touch; the line counts the two lines of the first one."""
    records = read(f'id,title,price,currency,rating,image\n0,"two\nlines",1,EUR,4,a.jpg\n{cells}\n2,t,,,,\n')
    assert ids(records) == ["0", "2"]
    assert faults(records) == [(4, field, reason)]
    assert records[-1] == ManifestDone(2, 1)


def test_a_bad_row_names_its_product_where_that_can_be_read():
    """A catalog that is replaced must not lose a product whose row is merely bad."""
    data = b'id,title,price\nA,t,cheap\nC,"open,1\nB,\xff,\nD,too,"many",cells\nE,' + b"x" * 70_000 + b",\n"
    errors = [r for r in read(data) if isinstance(r, RowError)]
    assert [(e.product_id, e.reason) for e in errors] == [
        ("A", Reason.BAD_PRICE),
        ("C", Reason.BAD_QUOTES),
        ("B", Reason.BAD_ENCODING),
        ("D", Reason.COLUMN_COUNT),
        ("E", Reason.ROW_TOO_LONG),
    ]


def test_undecodable_bytes_spoil_their_row_only():
    records = read(b"id,title,x\n1,caf\xe9,\n2,caf\xc3\xa9,\n3,,\xff\n")
    assert ids(records) == ["2"]
    assert faults(records) == [(2, "title", Reason.BAD_ENCODING), (4, None, Reason.BAD_ENCODING)]


def test_an_unclosed_quote_costs_its_own_row_only():
    rows = "".join(f"{n},plain,{n}.jpg\n" for n in range(5))
    records = read(f'id,title,image\nA,"open,a.jpg\n{rows}')
    assert ids(records) == ["0", "1", "2", "3", "4"]
    assert faults(records) == [(2, None, Reason.BAD_QUOTES)]


def test_unclosed_quotes_in_a_row_are_told_one_by_one():
    records = read('id,title,image\nA,"open,a.jpg\nB,"open,b.jpg\nC,"multi\nline",c.jpg\nD,d,d.jpg\n')
    assert ids(records) == ["C", "D"]
    assert faults(records) == [(2, None, Reason.BAD_QUOTES), (3, None, Reason.BAD_QUOTES)]


def test_an_unclosed_quote_before_a_megabyte_costs_its_own_row_only():
    rows = "".join(f"{n},{'plain ' * 20},{n}.jpg\n" for n in range(8000))
    records = read(f'id,title,image\nA,"open,a.jpg\n{rows}')
    assert len(ids(records)) == 8000
    assert faults(records) == [(2, None, Reason.ROW_TOO_LONG)]


def test_a_long_cell_of_many_lines_is_one_bad_row():
    cell = "prose without any separator\n" * 5000
    records = read(f'id,title,image\nA,"{cell}",a.jpg\nB,b,b.jpg\n')
    assert faults(records) == [(2, None, Reason.ROW_TOO_LONG)]
    assert ids(records) == ["B"]


def test_a_price_may_carry_its_currency():
    assert only_row("id,price\n1,39.90 EUR\n").attributes["price"] == {"amount": "39.90", "currency": "EUR"}
    assert only_row("id,price,currency\n1,39.90USD,EUR\n").attributes["price"]["currency"] == "USD"


def test_a_count_without_a_rating_says_nothing():
    assert only_row("id,rating,rating_count\n1,,12\n").attributes == {"rating": None}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"\n\n", 1),
        (b"title,price\n1,2\n", 1),
        (b"id;title\n1;a\n", 1),
        (b'\n\n"id,title\n1,a\n', 3),
        ("id,título\n1,a\n".encode("latin-1"), 1),
        ("id,title\n1,a\n".encode("utf-16"), 1),
        (b"id," + b"x" * 70_000 + b"\n1,a\n", 1),
        (bytes(range(256)), 1),
    ],
)
def test_without_a_readable_header_the_manifest_is_unreadable(data: bytes, line: int):
    (end,) = read(data)
    assert isinstance(end, ManifestUnreadable)
    assert (end.line, end.reason) == (line, Reason.BAD_HEADER)


# JSONL


def test_a_json_object_becomes_a_product():
    row = only_row(
        '{"id": 7, "title": "a\\nb", "price": 39.90, "currency": "EUR", "rating": {"value": 4, "count": null}'
        ', "labels": ["x|y"], "images": ["a.jpg", "b|c.jpg"], "image_version": 3, "weight": [1]}',
        JSONL,
    )
    assert row.id == "7"
    assert row.attributes == {
        "title": "a\nb",
        "price": {"amount": "39.90", "currency": "EUR"},
        "rating": {"value": 4.0, "count": None},
        "labels": ["x|y"],
    }
    assert image_texts(row) == ["a.jpg", "b|c.jpg"]
    assert row.image_version == "3"


@pytest.mark.parametrize(
    "price", ['"39.90 EUR"', '{"amount": "39.90", "currency": "EUR"}', '{"amount": 39.90, "currency": "eur"}']
)
def test_a_json_price_has_several_forms(price: str):
    row = only_row(f'{{"id": "1", "price": {price}}}', JSONL)
    assert row.attributes["price"] == {"amount": "39.90", "currency": "EUR"}


def test_a_key_that_is_not_there_is_left_alone_and_null_clears():
    row = only_row('{"id": "1", "title": null, "images": null}', JSONL)
    assert row.attributes == {"title": None}
    assert row.images == ()
    assert only_row('{"id": "1"}', JSONL).images is None


def test_of_a_key_given_twice_the_last_counts():
    assert only_row('{"id": "1", "title": "a", "title": "b"}', JSONL).attributes == {"title": "b"}


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("{", None, Reason.BAD_JSON),
        ('{"id": "1"} x', None, Reason.BAD_JSON),
        ("{'id': 1}", None, Reason.BAD_JSON),
        ('{"id": "1\tx"}', None, Reason.BAD_JSON),
        ('{"id": ' + "9" * 5000 + "}", None, Reason.BAD_JSON),
        ("[1]", None, Reason.NOT_AN_OBJECT),
        ('"id"', None, Reason.NOT_AN_OBJECT),
        ('{"id": NaN}', None, Reason.NOT_FINITE),
        ('{"id": "1", "x": -Infinity}', None, Reason.NOT_FINITE),
        ('{"id": "1", "price": 1e999}', None, Reason.NOT_FINITE),
        ('{"id": "1", "price": 1e99999999999999999999}', None, Reason.NOT_FINITE),
        ('{"id": "1", "x": ' + "[" * 40 + "]" * 40 + "}", None, Reason.TOO_DEEP),
        ("[" * 60_000, None, Reason.TOO_DEEP),
        ('{"a":' * 10_000, None, Reason.TOO_DEEP),
        ('{"id": "' + "x" * (64 * KIB) + '"}', None, Reason.ROW_TOO_LONG),
        ("{}", "id", Reason.MISSING_ID),
        ('{"id": null}', "id", Reason.MISSING_ID),
        ('{"id": 1.5}', "id", Reason.BAD_TYPE),
        ('{"id": true}', "id", Reason.BAD_TYPE),
        ('{"id": "\\ud800"}', "id", Reason.BAD_CHARACTER),
        ('{"id": "1", "title": "\\u0000"}', "title", Reason.BAD_CHARACTER),
        ('{"id": "1", "title": 7}', "title", Reason.BAD_TYPE),
        ('{"id": "1", "images": [1]}', "images", Reason.BAD_TYPE),
        ('{"id": "1", "images": {"a": 1}}', "images", Reason.BAD_TYPE),
        ('{"id": "1", "image_version": 1.5}', "image_version", Reason.BAD_TYPE),
        ('{"id": "1", "availability": "maybe"}', "availability", Reason.UNKNOWN_AVAILABILITY),
        ('{"id": "1", "url": "javascript:x"}', "url", Reason.BAD_URL),
        ('{"id": "1", "price": true, "currency": "EUR"}', "price", Reason.BAD_PRICE),
    ],
)
def test_a_bad_json_line_is_told_with_line_field_and_reason(line: str, field: str | None, reason: Reason):
    records = read(f'{{"id": "0"}}\n\n{line}\n{{"id": "2"}}\n', JSONL)
    assert ids(records) == ["0", "2"]
    assert faults(records) == [(3, field, reason)]


def test_brackets_inside_strings_do_not_nest():
    assert only_row(json.dumps({"id": "1", "title": "[{" * 100 + '\\"['}), JSONL).id == "1"


def test_thirty_two_levels_are_read():
    assert only_row('{"id": "1", "x": ' + "[" * 31 + "]" * 31 + "}", JSONL).id == "1"


def test_undecodable_json_names_its_product():
    error = only_error(b'{"id": "A", "title": "\xff"}', JSONL)
    assert (error.line, error.reason, error.product_id) == (1, Reason.BAD_ENCODING, "A")


@pytest.mark.parametrize("first", ["[", "{"])
def test_json_spread_over_lines_is_unreadable_as_a_whole(first: str):
    (end,) = read(f'\n{first}\n "id": "1"\n', JSONL)
    assert isinstance(end, ManifestUnreadable)
    assert (end.line, end.reason) == (2, Reason.UNREADABLE)


# gzip


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
    assert end.reason == Reason.UNREADABLE
    assert end.line == records[-2].line + 1 > 1000
    assert len(ids(records)) == len(records) - 1


def test_a_gzip_bomb_is_stopped_where_it_grows_out_of_proportion():
    bomb = gzip.compress(b"id,title\n" + b"1,a\n" * 200_000)
    records = read(bomb, CSV, SMALL)
    assert isinstance(records[-1], ManifestUnreadable)
    assert records[-1].reason == Reason.TOO_COMPRESSED
    assert len(records) < 100_000


def test_a_small_manifest_may_be_packed_as_well_as_it_likes():
    assert len(read(gzip.compress(b"id,title\n" + b"1,a\n" * 10_000))) == 10_001


# Parquet


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
    assert end == ManifestDone(2, 0, ("weight",))


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
        (2, "title", Reason.BAD_ENCODING),
        (3, "price", Reason.NOT_FINITE),
        (4, None, Reason.ROW_TOO_LONG),
        (5, "price", Reason.NOT_FINITE),
    ]
    assert [r.product_id for r in records if isinstance(r, RowError)] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"", b"id,title\n1,a\n"])
def test_what_is_no_parquet_is_unreadable(data: bytes):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    (end,) = read(data, PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == Reason.UNREADABLE


def test_parquet_without_an_id_is_refused():
    (end,) = read(parquet_bytes({"title": ["a"]}), PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == Reason.BAD_HEADER


def test_a_value_repeated_without_end_is_too_compressed():
    """A dictionary-coded column costs nothing in the file, so the rows themselves are counted."""
    data = parquet_bytes({"id": ["x" * 200] * 50_000, "title": ["y" * 1000] * 50_000})
    records = read(data, PARQUET, SMALL)
    assert isinstance(records[-1], ManifestUnreadable)
    assert records[-1].reason == Reason.TOO_COMPRESSED
    assert len(records) < 10_000


def test_parquet_within_gzip_is_read():
    assert ids(read(gzip.compress(parquet_bytes({"id": ["1"]})), PARQUET)) == ["1"]


def test_parquet_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (end,) = read(b"PAR1", PARQUET)
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == Reason.PARQUET_MISSING
    assert "tusou[parquet]" in end.detail


# what format


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


# the wire, and anything at all


RECORDS: list[Record] = [
    only_row('{"id": "1", "title": "一", "price": "1 EUR", "images": ["a.jpg", "upload:x"]}', JSONL),
    ProductRow(3, "2", {}, None, None),
    RowError(2, "price", Reason.BAD_PRICE, "detail", "S-1"),
    RowError(2, None, Reason.BAD_JSON, "detail"),
    ManifestDone(5, 3, ("a", "b")),
    ManifestUnreadable(9, Reason.TOO_COMPRESSED, "detail"),
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
    [
        *(bytes([byte]) for byte in b',\t\n\r"|{}[:1\0\xff'),
        b"\r\n",
        b'""',
        b"id",
        b'"id"',
        b"price",
        b"EUR",
        b"NaN",
    ]
    + [b"\xef\xbb\xbf", b"PAR1", b"\x1f\x8b\x08\0", b"\\ud800"]
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
    import csv

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
