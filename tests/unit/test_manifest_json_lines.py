"""JSONL: every line gives a product or a reason."""

import json

import pytest

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.rows import ManifestUnreadable
from tests.unit.manifest_reading import JSONL, KIB, faults, ids, image_texts, only_error, only_row, read


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
        ("{", None, FaultCode.BAD_JSON),
        ('{"id": "1"} x', None, FaultCode.BAD_JSON),
        ("{'id': 1}", None, FaultCode.BAD_JSON),
        ('{"id": "1\tx"}', None, FaultCode.BAD_JSON),
        ('{"id": ' + "9" * 5000 + "}", None, FaultCode.BAD_JSON),
        ("[1]", None, FaultCode.NOT_AN_OBJECT),
        ('"id"', None, FaultCode.NOT_AN_OBJECT),
        ('{"id": NaN}', None, FaultCode.NOT_FINITE),
        ('{"id": "1", "x": -Infinity}', None, FaultCode.NOT_FINITE),
        ('{"id": "1", "price": 1e999}', None, FaultCode.NOT_FINITE),
        ('{"id": "1", "price": 1e99999999999999999999}', None, FaultCode.NOT_FINITE),
        ('{"id": "1", "x": ' + "[" * 40 + "]" * 40 + "}", None, FaultCode.TOO_DEEP),
        ("[" * 60_000, None, FaultCode.TOO_DEEP),
        ('{"a":' * 10_000, None, FaultCode.TOO_DEEP),
        ('{"id": "' + "x" * (64 * KIB) + '"}', None, FaultCode.ROW_TOO_LONG),
        ("{}", "id", FaultCode.MISSING_ID),
        ('{"id": null}', "id", FaultCode.MISSING_ID),
        ('{"id": 1.5}', "id", FaultCode.BAD_TYPE),
        ('{"id": true}', "id", FaultCode.BAD_TYPE),
        ('{"id": "\\ud800"}', "id", FaultCode.BAD_CHARACTER),
        ('{"id": "1", "title": "\\u0000"}', "title", FaultCode.BAD_CHARACTER),
        ('{"id": "1", "title": 7}', "title", FaultCode.BAD_TYPE),
        ('{"id": "1", "images": [1]}', "images", FaultCode.BAD_TYPE),
        ('{"id": "1", "images": {"a": 1}}', "images", FaultCode.BAD_TYPE),
        ('{"id": "1", "image_version": 1.5}', "image_version", FaultCode.BAD_TYPE),
        ('{"id": "1", "availability": "maybe"}', "availability", FaultCode.UNKNOWN_AVAILABILITY),
        ('{"id": "1", "url": "javascript:x"}', "url", FaultCode.BAD_URL),
        ('{"id": "1", "price": true, "currency": "EUR"}', "price", FaultCode.BAD_PRICE),
    ],
)
def test_a_bad_json_line_is_told_with_line_field_and_reason(line: str, field: str | None, reason: FaultCode):
    records = read(f'{{"id": "0"}}\n\n{line}\n{{"id": "2"}}\n', JSONL)
    assert ids(records) == ["0", "2"]
    assert faults(records) == [(3, field, reason)]


def test_brackets_inside_strings_do_not_nest():
    assert only_row(json.dumps({"id": "1", "title": "[{" * 100 + '\\"['}), JSONL).id == "1"


def test_thirty_two_levels_are_read():
    assert only_row('{"id": "1", "x": ' + "[" * 31 + "]" * 31 + "}", JSONL).id == "1"


def test_a_number_of_too_many_digits_is_told_without_pythons_advice():
    error = only_error('{"id": "1", "price": ' + "9" * 5000 + "}", JSONL)
    assert (error.reason, error.detail) == (FaultCode.BAD_JSON, "a number has too many digits")


def test_undecodable_json_names_its_product():
    error = only_error(b'{"id": "A", "title": "\xff"}', JSONL)
    assert (error.line, error.reason, error.product_id) == (1, FaultCode.BAD_ENCODING, "A")


@pytest.mark.parametrize("first", ["[", "{"])
def test_json_spread_over_lines_is_unreadable_as_a_whole(first: str):
    (end,) = read(f'\n{first}\n "id": "1"\n', JSONL)
    assert isinstance(end, ManifestUnreadable)
    assert (end.line, end.reason) == (2, FaultCode.UNREADABLE)
