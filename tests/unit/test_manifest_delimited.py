"""CSV and TSV: every row gives a product or a reason, and a bad row costs itself only."""

import pytest

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, RowError
from tests.unit.manifest_reading import KIB, TSV, faults, ids, image_texts, only_row, read


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
    assert records[-1] == ManifestDone(0, ("sku", "weight", "name", r"'we\x00ird'"))


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
    row, end = read("id,title\n,\n1,a\n,\n")
    assert (row.line, end) == (3, ManifestDone(0))


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        (",t,1,EUR,4,a.jpg", "id", FaultCode.MISSING_ID),
        ("x" * 257 + ",t,1,EUR,4,a.jpg", "id", FaultCode.ID_TOO_LONG),
        ("1,a\0b,1,EUR,4,a.jpg", "title", FaultCode.BAD_CHARACTER),
        ("1," + "x" * (17 * KIB) + ",1,EUR,4,a.jpg", "title", FaultCode.VALUE_TOO_LONG),
        ('1,t,"1,50",EUR,4,a.jpg', "price", FaultCode.BAD_PRICE),
        ("1,t,NaN,EUR,4,a.jpg", "price", FaultCode.BAD_PRICE),
        ("1,t,1,,4,a.jpg", "price", FaultCode.BAD_CURRENCY),
        ("1,t,1,EUR,six,a.jpg", "rating", FaultCode.BAD_RATING),
        ("1,t,1,EUR,6,a.jpg", "rating", FaultCode.BAD_RATING),
        ("1,t,1,EUR,4,../a.jpg", "images", FaultCode.BAD_SOURCE),
        ("1,t,1,EUR,4," + "|".join(f"{n}.jpg" for n in range(101)), "images", FaultCode.TOO_MANY_VALUES),
        ("1,t,1,EUR,4", None, FaultCode.COLUMN_COUNT),
        ("1,t,1,EUR,4,a.jpg,", None, FaultCode.COLUMN_COUNT),
        ('1,"t"t,1,EUR,4,a.jpg', None, FaultCode.BAD_QUOTES),
        ("1," + "x" * (64 * KIB) + ",1,EUR,4,a.jpg", None, FaultCode.ROW_TOO_LONG),
    ],
)
def test_a_bad_row_is_told_with_line_field_and_reason(cells: str, field: str | None, reason: FaultCode):
    """Between two good rows, which it must not touch; the line counts the two lines of the first one."""
    records = read(f'id,title,price,currency,rating,image\n0,"two\nlines",1,EUR,4,a.jpg\n{cells}\n2,t,,,,\n')
    assert ids(records) == ["0", "2"]
    assert faults(records) == [(4, field, reason)]
    assert records[-1] == ManifestDone(1)


def test_a_bad_row_names_its_product_where_that_can_be_read():
    """A catalog that is replaced must not lose a product whose row is merely bad."""
    data = b'id,title,price\nA,t,cheap\nC,"open,1\nB,\xff,\nD,too,"many",cells\nE,' + b"x" * 70_000 + b",\n"
    errors = [r for r in read(data) if isinstance(r, RowError)]
    assert [(e.product_id, e.reason) for e in errors] == [
        ("A", FaultCode.BAD_PRICE),
        ("C", FaultCode.BAD_QUOTES),
        ("B", FaultCode.BAD_ENCODING),
        ("D", FaultCode.COLUMN_COUNT),
        ("E", FaultCode.ROW_TOO_LONG),
    ]


def test_undecodable_bytes_spoil_their_row_only():
    records = read(b"id,title,x\n1,caf\xe9,\n2,caf\xc3\xa9,\n3,,\xff\n")
    assert ids(records) == ["2"]
    assert faults(records) == [(2, "title", FaultCode.BAD_ENCODING), (4, None, FaultCode.BAD_ENCODING)]


def test_an_unclosed_quote_costs_its_own_row_only():
    rows = "".join(f"{n},plain,{n}.jpg\n" for n in range(5))
    records = read(f'id,title,image\nA,"open,a.jpg\n{rows}')
    assert ids(records) == ["0", "1", "2", "3", "4"]
    assert faults(records) == [(2, None, FaultCode.BAD_QUOTES)]


def test_unclosed_quotes_in_a_row_are_told_one_by_one():
    records = read('id,title,image\nA,"open,a.jpg\nB,"open,b.jpg\nC,"multi\nline",c.jpg\nD,d,d.jpg\n')
    assert ids(records) == ["C", "D"]
    assert faults(records) == [(2, None, FaultCode.BAD_QUOTES), (3, None, FaultCode.BAD_QUOTES)]


def test_an_unclosed_quote_before_a_megabyte_costs_its_own_row_only():
    rows = "".join(f"{n},{'plain ' * 20},{n}.jpg\n" for n in range(8000))
    records = read(f'id,title,image\nA,"open,a.jpg\n{rows}')
    assert len(ids(records)) == 8000
    assert faults(records) == [(2, None, FaultCode.ROW_TOO_LONG)]


def test_a_long_cell_of_many_lines_is_one_bad_row():
    cell = "prose without any separator\n" * 5000
    records = read(f'id,title,image\nA,"{cell}",a.jpg\nB,b,b.jpg\n')
    assert faults(records) == [(2, None, FaultCode.ROW_TOO_LONG)]
    assert ids(records) == ["B"]


def test_a_price_may_carry_its_currency():
    assert only_row("id,price\n1,39.90 EUR\n").attributes["price"] == {"amount": "39.90", "currency": "EUR"}
    assert only_row("id,price,currency\n1,39.90USD,EUR\n").attributes["price"]["currency"] == "USD"


def test_a_space_beside_the_comma_belongs_to_texts_only():
    header = "id, title, price, currency, rating, rating_count, availability, url"
    row = only_row(f"{header}\n1, A , 39.90, EUR , 4.5, 12, in_stock , https://shop.example/1\n")
    assert row.attributes == {
        "title": " A ",
        "price": {"amount": "39.90", "currency": "EUR"},
        "rating": {"value": 4.5, "count": 12},
        "availability": "in_stock",
        "url": "https://shop.example/1",
    }
    blank = only_row(f"{header}\n1, A, , EUR, , , , \n").attributes
    assert [blank[name] for name in ("price", "rating", "availability", "url")] == [None] * 4


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
    assert (end.line, end.reason) == (line, FaultCode.BAD_HEADER)
