"""Rows of a manifest, one for each way in which a row can be bad: field and reason as they must be told."""

from __future__ import annotations

from typing import Any, Final

# Field, reason, and what differs from a good row; bytes stand for the whole line.
BadRow = tuple[str | None, str, dict[str, Any] | bytes]

_EITHER: Final[list[BadRow]] = [
    ("id", "missing_id", {"id": ""}),
    ("id", "id_too_long", {"id": "x" * 300}),
    ("title", "bad_character", {"title": "a\0b"}),
    ("price", "bad_price", {"price": "cheap", "currency": "EUR"}),
    ("price", "bad_currency", {"price": "1.00", "currency": "EURO"}),
    ("rating", "bad_rating", {"rating": 9}),
    ("availability", "unknown_availability", {"availability": "maybe"}),
    ("url", "bad_url", {"url": "javascript:alert(1)"}),
    ("brand", "value_too_long", {"brand": "x" * 5_000}),
    ("labels", "too_many_values", {"labels": [f"l{n}" for n in range(500)]}),
    ("images", "bad_source", {"images": ["../../etc/passwd"]}),
    (None, "row_too_long", {"description": "x" * 70_000}),
    ("images", "file_missing", {"images": ["none.jpg"]}),
    ("images", "undecodable", {"images": ["broken.jpg"]}),
    ("images", "unsupported_format", {"images": ["page.jpg"]}),
    ("images", "too_many_pixels", {"images": ["bomb.png"]}),
    ("images", "url_blocked", {"images": ["http://169.254.169.254/latest/meta-data"]}),
    ("images", "url_blocked", {"images": ["http://127.1/a.jpg"]}),
    ("images", "url_failed", {"images": ["http://nobody.invalid/a.jpg"]}),
]

# By the format of the manifest.
BAD: Final[dict[str, list[BadRow]]] = {
    "jsonl": [
        *_EITHER,
        ("id", "bad_type", {"id": ["a"]}),
        ("title", "bad_type", {"title": {"en": "a"}}),
        (None, "bad_json", b'{"id": "cut'),
        (None, "not_finite", b'{"id": "n", "rating": NaN}'),
        (None, "not_an_object", b"[1, 2]"),
        (None, "too_deep", b'{"id": "d", "labels": ' + b"[" * 40 + b"]" * 40 + b"}"),
        (None, "bad_encoding", b'{"id": "e", "title": "\xff"}'),
    ],
    "csv": [
        *_EITHER,
        ("rating", "bad_rating", {"rating": "NaN"}),
        ("price", "bad_price", {"price": "Infinity", "currency": "EUR"}),
        (None, "bad_quotes", b'q,"a"b,,,,,,,,,'),
        (None, "column_count", b"q,title"),
        (None, "column_count", b"q,title" + b"," * 20),
        ("title", "bad_encoding", b"e,\xff,,,,,,,,,"),
    ],
}

# Those of a photo that was looked for: the row's attributes are written all the same.
PHOTO_REASONS: Final = {
    "file_missing",
    "undecodable",
    "unsupported_format",
    "too_many_pixels",
    "url_blocked",
    "url_failed",
}
