"""The attributes of a product and its image sources: what is taken, what is refused, and with which code."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.fault_codes import FaultCode
from shared.catalog.product import ATTRIBUTES, AVAILABILITIES, logged_columns_of, parse_attributes
from shared.catalog.sources import Source, SourceKind, is_own_object, parse_source
from shared.catalog.text import FieldError, check_product_id, shown

at_any_speed = settings(deadline=None)  # the machine may be busy

FULL = {
    "title": "Linen dress",
    "description": "Airy.\nMade in Portugal.",
    "price": {"amount": "39.90", "currency": "EUR"},
    "rating": {"value": 4.6, "count": 212},
    "brand": "Maré",
    "category": "dresses",
    "color": "navy",
    "labels": ["summer", "sale"],
    "availability": "in_stock",
    "url": "https://shop.example/p/1?a=b",
}

HOSTILE = [
    "\u202eright to left",
    "👗" * 500,
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "x" * 10_000,
    "  spaces stay  ",
    "e\u0301 stays decomposed",
    "\x01\x1b[31m",
    "\U0010ffff",
]


def codes(raw: dict[str, object]) -> list[str]:
    parsed = parse_attributes(raw)
    return [fault.code for fault in parsed] if isinstance(parsed, list) else []


def test_a_full_product_passes_unchanged():
    assert tuple(FULL) == ATTRIBUTES
    assert parse_attributes(FULL) == FULL


def test_only_the_attributes_given_come_back_and_null_clears():
    assert parse_attributes({"title": None, "brand": "A"}) == {"title": None, "brand": "A"}
    assert parse_attributes({}) == {}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_byte_identical(text: str):
    assert parse_attributes({"title": text}) == {"title": text}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "half \udfff pair"])
@pytest.mark.parametrize(
    "field", ["title", "description", "brand", "category", "color", "availability", "url"]
)
def test_nul_and_lone_surrogates_are_refused(field: str, text: str):
    assert codes({field: text}) == [FaultCode.BAD_CHARACTER]
    assert codes({"labels": [text]}) == [FaultCode.BAD_CHARACTER]


@pytest.mark.parametrize(
    ("field", "limit"),
    [("title", 16 * 1024), ("description", 32 * 1024), ("brand", 1024), ("category", 1024), ("color", 1024)],
)
def test_text_is_bounded_in_utf8_bytes(field: str, limit: int):
    assert codes({field: "x" * limit}) == []
    assert codes({field: "x" * (limit + 1)}) == [FaultCode.VALUE_TOO_LONG]
    assert codes({field: "é" * (limit // 2)}) == []
    assert codes({field: "é" * (limit // 2) + "x"}) == [FaultCode.VALUE_TOO_LONG]


def test_every_fault_of_a_body_is_reported_with_its_field():
    faults = parse_attributes({"title": 7, "colour": "red", "price": 3, "brand": "ok"})
    assert isinstance(faults, list)
    assert [(fault.field, fault.code) for fault in faults] == [
        ("title", FaultCode.BAD_TYPE),
        ("colour", FaultCode.UNKNOWN_FIELD),
        ("price", FaultCode.BAD_PRICE),
    ]
    assert "color" in faults[1].detail


@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        ("39.90", "39.90"),
        ("0", "0"),
        (39.9, "39.9"),
        (5, "5"),
        (Decimal("39.90"), "39.90"),
        (19.989999771118164, "19.99"),
        ("999999999999.9999", "999999999999.9999"),
    ],
)
def test_an_amount_keeps_its_digits(amount: object, kept: str):
    parsed = parse_attributes({"price": {"amount": amount, "currency": "eur"}})
    assert parsed == {"price": {"amount": kept, "currency": "EUR"}}


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "39,90",
        "1e3",
        "-1",
        "+1",
        ".5",
        "1.",
        "٣",
        "1 000",
        "free",
        "1.23456",
        "9" * 13,
        True,
        None,
        -1,
        10**12,
        Decimal("1e300"),
        10**4000,
        Decimal("-0.01"),
        [],
        "007",
    ],
)
def test_what_is_no_amount_is_a_bad_price(amount: object):
    assert codes({"price": {"amount": amount, "currency": "EUR"}}) == [FaultCode.BAD_PRICE]


@pytest.mark.parametrize(
    "amount", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), Decimal("1e999999999")]
)
def test_a_price_and_a_rating_are_finite(amount: object):
    assert codes({"price": {"amount": amount, "currency": "EUR"}}) == [FaultCode.NOT_FINITE]
    assert codes({"rating": {"value": amount, "count": 1}}) == [FaultCode.NOT_FINITE]


@pytest.mark.parametrize("currency", [None, "", "EURO", "€", "E R", 978, "ＥＵＲ"])
def test_a_price_needs_a_currency_of_three_letters(currency: object):
    assert codes({"price": {"amount": "1", "currency": currency}}) == [FaultCode.BAD_CURRENCY]


def test_a_price_with_other_keys_is_refused():
    assert codes({"price": {"amount": "1", "currency": "EUR", "vat": 1}}) == [FaultCode.BAD_PRICE]


def test_a_rating_may_come_without_a_count():
    assert parse_attributes({"rating": {"value": 4}}) == {"rating": {"value": 4.0, "count": None}}
    assert parse_attributes({"rating": {"value": 0, "count": 212.0}}) == {
        "rating": {"value": 0.0, "count": 212}
    }


@pytest.mark.parametrize(
    "rating",
    [
        4.6,
        "4.6",
        {"value": "4.6"},
        {"value": 5.1},
        {"value": -0.1},
        {"count": 3},
        {"value": True},
        {"value": 4, "count": 1.5},
        {"value": 4, "count": -1},
        {"value": 4, "count": "3"},
        {"value": 10**400},
        {"value": 4, "stars": 5},
        {"value": 4, "count": 10**4000},
    ],
)
def test_what_is_no_rating_is_refused(rating: object):
    assert codes({"rating": rating}) == [FaultCode.BAD_RATING]


@pytest.mark.parametrize(
    "text", ["in_stock", "In Stock", "in-stock", "InStock", "https://schema.org/InStock"]
)
def test_spellings_of_an_availability_become_one_name(text: str):
    assert parse_attributes({"availability": text}) == {"availability": "in_stock"}


def test_an_unknown_availability_names_the_known_ones():
    faults = parse_attributes({"availability": "maybe"})
    assert isinstance(faults, list)
    assert faults[0].code == FaultCode.UNKNOWN_AVAILABILITY
    assert all(name in faults[0].detail for name in AVAILABILITIES)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//shop.example/p",
        "ftp://shop.example",
        "https://",
        "https://a b",
        "http://[::1",
        "https://x/" + "y" * 2000,
        "shop.example",
        "\thttps://shop.example",
    ],
)
def test_a_product_page_is_a_web_address(url: str):
    assert codes({"url": url}) == [FaultCode.BAD_URL]


def test_labels_are_a_short_list_of_texts():
    assert codes({"labels": "sale"}) == [FaultCode.BAD_TYPE]
    assert codes({"labels": ["sale", 3]}) == [FaultCode.BAD_TYPE]
    assert codes({"labels": ["x"] * 100}) == []
    assert codes({"labels": ["x"] * 101}) == [FaultCode.TOO_MANY_VALUES]


def test_filter_columns_are_what_filters_compare():
    parsed = parse_attributes(FULL)
    assert isinstance(parsed, dict)
    assert logged_columns_of(parsed) == {
        "category": "dresses",
        "brand": "Maré",
        "color": "navy",
        "labels": ["summer", "sale"],
        "availability": "in_stock",
        "price": 39.9,
        "currency": "EUR",
        "rating": 4.6,
    }


def test_columns_of_a_bare_product_are_empty():
    columns = logged_columns_of({"labels": None, "price": None, "rating": None})
    assert columns.pop("labels") == []
    assert set(columns.values()) == {None}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@at_any_speed
@given(st.dictionaries(st.sampled_from(ATTRIBUTES) | st.text(max_size=10), json_values))
def test_any_json_body_gives_attributes_or_faults_and_attributes_are_stable(raw: dict[str, object]):
    parsed = parse_attributes(raw)
    if isinstance(parsed, list):
        assert parsed
        assert all(isinstance(fault, FieldError) and fault.detail.isprintable() for fault in parsed)
    else:
        assert json.loads(json.dumps(parsed)) == parsed
        assert parse_attributes(parsed) == parsed


@pytest.mark.parametrize(
    ("product_id", "code"),
    [("", FaultCode.MISSING_ID), ("é" * 129, FaultCode.ID_TOO_LONG), ("a\0", FaultCode.BAD_CHARACTER)],
)
def test_a_bad_product_id_has_a_code(product_id: str, code: FaultCode):
    fault = check_product_id(product_id)
    assert fault is not None
    assert fault.code == code


@pytest.mark.parametrize("product_id", ["SKU-1", "a/b?c#d", " ", "é" * 128, "👗"])
def test_any_storable_text_of_256_bytes_is_a_product_id(product_id: str):
    assert check_product_id(product_id) is None


@at_any_speed
@given(st.text(alphabet=st.characters()))
def test_a_quoted_value_is_always_printable(text: str):
    assert shown(text).isprintable()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://cdn.example/a.jpg", SourceKind.URL, "https://cdn.example/a.jpg"),
        ("HTTP://cdn.example/a b.jpg", SourceKind.URL, "HTTP://cdn.example/a b.jpg"),
        ("upload:01J9ZK", SourceKind.UPLOAD, "01J9ZK"),
        ("object:incoming/acme/a.jpg", SourceKind.OBJECT, "incoming/acme/a.jpg"),
        ("images/1/1.jpg", SourceKind.PATH, "images/1/1.jpg"),
        ("./图/一.jpg", SourceKind.PATH, "./图/一.jpg"),
    ],
)
def test_a_source_keeps_its_text_and_tells_its_kind(text: str, kind: SourceKind, value: str):
    assert parse_source(text) == Source(kind, value, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/passwd",
        "../a.jpg",
        "a/../b.jpg",
        "a//b.jpg",
        "a\\b.jpg",
        "C:\\a.jpg",
        "c:a.jpg",
        "file:///etc/passwd",
        "ftp://x/a.jpg",
        "data:image/png;base64,AA",
        "s3://bucket/a",
        "upload:",
        "upload:a/b",
        "upload:" + "x" * 65,
        "object:/incoming/a",
        "object:incoming/../b",
        "object:",
        "a/..",
    ],
)
def test_a_source_that_leads_elsewhere_is_refused(text: str):
    fault = parse_source(text)
    assert isinstance(fault, FieldError)
    assert fault.code == FaultCode.BAD_SOURCE


def test_a_source_is_bounded_and_storable():
    assert parse_source("a" * 2001).code == FaultCode.VALUE_TOO_LONG
    assert parse_source("a\0.jpg").code == FaultCode.BAD_CHARACTER


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("object:incoming/acme/a.jpg", True),
        ("object:incoming/acme2/a.jpg", False),
        ("object:incoming/acme", False),
        ("object:images/acme/a.jpg", False),
        ("incoming/acme/a.jpg", False),
    ],
)
def test_an_object_key_resolves_within_its_own_tenant_only(text: str, own: bool):
    source = parse_source(text)
    assert isinstance(source, Source)
    assert is_own_object(source, "acme") is own
