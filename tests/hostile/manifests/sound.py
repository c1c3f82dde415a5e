"""Whole manifests in every format, and a seeded mutation of one."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from functools import cache
from typing import Any, Final

from shared.catalog.manifest.formats import ManifestFormat

ROWS: Final[list[dict[str, Any]]] = [
    {
        "id": f"sku-{n}",
        "title": ("Plain", "图搜 ✂", 'quoted "text", and\nlines', "=1+1")[n % 4],
        "price": f"{n}.90",
        "currency": "EUR",
        "rating": 4.5,
        "rating_count": n,
        "brand": "Acme",
        "labels": "new|red",
        "availability": "in_stock",
        "url": f"https://shop.example/{n}",
        "images": f"a/{n}.jpg|https://shop.example/{n}.png",
    }
    for n in range(12)
]


def _delimited(separator: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue().encode()


def _json_lines() -> bytes:
    rows = [{**row, "labels": ["new", "red"], "images": row["images"].split("|")} for row in ROWS]
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


@cache
def parquet() -> bytes:
    """Raises ImportError without the extra `parquet`."""
    import pyarrow
    from pyarrow import parquet as file_format

    out = io.BytesIO()
    columns = {name: [str(row[name]) for row in ROWS] for name in ROWS[0]}
    file_format.write_table(
        pyarrow.table({**columns, "labels": [["new", "red"]] * len(ROWS)}), out, row_group_size=5
    )
    return out.getvalue()


@cache
def sound_manifests() -> dict[str, tuple[ManifestFormat, bytes]]:
    """Those whose readers are all ours; Parquet's is a library that may crash, so it wants a child."""
    plain = {
        "csv": (ManifestFormat.CSV, _delimited(",")),
        "tsv": (ManifestFormat.TSV, _delimited("\t")),
        "jsonl": (ManifestFormat.JSONL, _json_lines()),
    }
    return plain | {
        f"{name}.gz": (kind, gzip.compress(data, mtime=0)) for name, (kind, data) in plain.items()
    }


_SPICE: Final = (
    b'"',
    b'""',
    b",",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"|",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"NaN",
    b"1e999",
    b"-Infinity",
    b"null",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"id",
    b"\xe2\x80\xae",
)


def mutated_manifest(seed: int, of: str = "") -> tuple[str, ManifestFormat, bytes]:
    """Name (with such an end), format and bytes of a case; changed within its gzip as often as outside."""
    choose = random.Random(seed)
    name, (kind, data) = choose.choice([one for one in sound_manifests().items() if one[0].endswith(of)])
    inside = name.endswith(".gz") and choose.random() < 0.5
    changed = bytearray(gzip.decompress(data) if inside else data)
    for _ in range(choose.choice((1, 1, 2, 6))):
        _change(choose, changed)
    return name, kind, gzip.compress(bytes(changed), mtime=0) if inside else bytes(changed)


def mutated_parquet(seed: int) -> bytes:
    """Half of the changes are in the footer, where the library reads sizes and offsets."""
    choose = random.Random(seed)
    data = bytearray(parquet())
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for _ in range(choose.choice((1, 1, 2, 6))):
        at = choose.randrange(footer, len(data)) if choose.random() < 0.5 else choose.randrange(len(data))
        data[at] = choose.choice((0, 1, 0x7F, 0x80, 0xFF, choose.randrange(256)))
    return bytes(data if choose.random() < 0.8 else data[: choose.randrange(len(data))])


def _change(choose: random.Random, data: bytearray) -> None:
    at = choose.randrange(len(data) + 1)
    match choose.randrange(6):
        case 0:
            data[at : at + 1] = bytes([choose.randrange(256)])
        case 1 | 2:
            data[at:at] = choose.choice(_SPICE)
        case 3:
            del data[at : at + choose.randint(1, 60)]
        case 4:
            data[at:at] = data[at : at + choose.randint(1, 200)] * choose.choice((1, 2, 30))
        case 5:
            data[at:at] = choose.choice(_SPICE) * choose.choice((2, 40, 2_000))
