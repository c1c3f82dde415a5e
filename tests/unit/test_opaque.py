"""What clients carry and bring back: nothing that they change reaches a database."""

import base64
import json

import pytest

from shared import opaque
from shared.errors import InvalidRequest
from shared.index.versions import Version


def text(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


@pytest.mark.parametrize("value", ["SKU/1", [1.5, "01j"], {"a": [1, None, True]}, "产品"])
def test_a_value_comes_back_as_it_went(value: object) -> None:
    assert opaque.from_text(opaque.to_text(value)) == value


HOSTILE = [
    b"[1,Infinity]",
    b"[1,NaN]",
    json.dumps([10**30]).encode(),
    b'["\\ud800"]',
    b'["a\\u0000"]',
    b"[" * 100_000,
    b"[" + b"9" * 400 + b".5]",
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_no_database_holds_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # each library says it in its own words
        opaque.from_text(text(body))


@pytest.mark.parametrize("junk", ["not base64!", "Ä", "=" * 9])
def test_what_is_no_such_text_is_refused(junk: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # as above
        opaque.from_text(junk)


@pytest.mark.parametrize(
    "body",
    [
        b'["i",[[0,Infinity,"a"]]]',
        b'["i",[[0,-1,"a"]]]',
        b'["i",[[-1,1,"a"]]]',
        b'["\\ud800",[]]',
        b'["i",7]',
    ],
)
def test_a_version_that_nobody_gave_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        Version.decode(text(body))
