"""Manifests that hold, nest or unpack to far more than their size says; the codes they end with."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from functools import cache
from typing import Any

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.formats import ManifestFormat
from tests.hostile.manifests.sound import parquet

MIB = 2**20
CSV, TSV, JSONL, PARQUET = ManifestFormat

# Format, bytes, the codes that may end it; `done`: every row is judged for itself.
Bomb = tuple[ManifestFormat, bytes, set[str]]
DONE = {"done"}


@cache
def bombs() -> dict[str, Bomb]:
    """Those that need no library."""
    packed = {FaultCode.TOO_COMPRESSED.value}
    wide = ",".join(f"c{n}" for n in range(200_000)).encode()
    return {
        "gzip of 500 MiB of rows": (
            CSV,
            _gzip(b"id,title\n", (b"1," + b"a" * 32_765 + b"\n") * 32, 500),
            packed,
        ),
        "gzip of 200 MiB without a line": (
            CSV,
            _gzip(b"", bytes(MIB), 200),
            packed | {"unreadable", "bad_header"},
        ),
        "gzip within gzip": (
            CSV,
            gzip.compress(_gzip(b"", bytes(MIB), 300)),
            {"bad_header", "unreadable", "too_compressed"},
        ),
        "gzip of many empty members": (CSV, gzip.compress(b"") * 50_000, {"bad_header"}),
        "json nested 100,000 deep": (JSONL, b'{"id": ' + b"[" * 100_000, DONE),
        "json nested 30,000 deep and closed": (
            JSONL,
            b'{"id": "1", "labels": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
            DONE,
        ),
        "json of objects 5,000 deep": (JSONL, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, DONE),
        "json number of 60,000 digits": (JSONL, b'{"id": "1", "price": ' + b"9" * 60_000 + b"}", DONE),
        "json number of a huge exponent": (
            JSONL,
            b'{"id": "1", "price": 1e999999999, "currency": "EUR"}',
            DONE,
        ),
        "json line of 30 MiB": (JSONL, b'{"id": "' + b"x" * (30 * MIB) + b'"}', DONE),
        "json of 10,000 keys": (JSONL, b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}", DONE),
        "json of one key 4,000 times": (JSONL, b"{" + b",".join([b'"id":"1"'] * 4_000) + b"}", DONE),
        "csv of 200,000 columns": (CSV, wide + b"\n1\n", {"bad_header", "row_too_long"}),
        "csv cell of 30 MiB": (CSV, b"id,title\n1," + b"x" * (30 * MIB), DONE),
        "csv of a quote that never closes": (CSV, b'id,title\n1,"' + b"x\n" * (64 * 1024), DONE),
        "csv of 100,000 images in a row": (CSV, b"id,images\n1," + b"a|" * 30_000, DONE),
        "tsv of tabs": (TSV, b"id\ttitle\n" + b"\t" * (2 * MIB), DONE),
    }


@cache
def parquet_bombs() -> dict[str, Bomb]:
    """For the child. Raises ImportError without the extra `parquet`."""
    import pyarrow

    indices = pyarrow.array([0] * 400_000, pyarrow.int32())
    same = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * 8_000]))
    nested: Any = pyarrow.array([["a"]])
    for _ in range(60):
        nested = pyarrow.ListArray.from_arrays(pyarrow.array([0, 1], pyarrow.int32()), nested)
    footer = parquet()[-8 - int.from_bytes(parquet()[-8:-4], "little") :]
    unreadable = {FaultCode.UNREADABLE.value, FaultCode.MANIFEST_CRASHED.value}
    return {
        "a value repeated 400,000 times": (PARQUET, _table(id=same), {FaultCode.TOO_COMPRESSED.value}),
        "labels nested 60 deep": (PARQUET, _table(id=pyarrow.array(["1"]), labels=nested), DONE | unreadable),
        "a schema nested 20,000 deep": (PARQUET, _deep_schema(20_000), unreadable),
        "a footer longer than the file": (PARQUET, b"PAR1" + b"\xff\xff\xff\x7fPAR1", unreadable),
        "a footer alone": (PARQUET, b"PAR1" + footer, unreadable),
        "a zip called parquet": (PARQUET, _zip(), unreadable),
    }


def _gzip(head: bytes, block: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(head) + b"".join(packer.compress(block) for _ in range(times)) + packer.flush()


def _table(**columns: Any) -> bytes:
    import pyarrow
    from pyarrow import parquet as file_format

    out = io.BytesIO()
    file_format.write_table(pyarrow.table(columns), out, compression="zstd")
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("products.parquet", bytes(MIB))
    return out.getvalue()


def _deep_schema(levels: int) -> bytes:
    """A footer in Thrift's compact protocol: each group of the schema has one child, another group."""

    def group(name: bytes, children: int) -> bytes:
        # field 4 (name): binary; field 5 (num_children): zigzag i32; stop
        return b"\x48" + bytes([len(name)]) + name + b"\x15" + _varint(children * 2) + b"\x00"

    elements = group(b"r", 1) * levels + b"\x15\x0c\x25\x00\x18\x02id\x00"
    # field 1 version, field 2 schema (a list of structs), field 3 num_rows, field 4 row_groups (empty), stop
    schema = b"\x19\xfc" + _varint(levels + 1) + elements
    footer = b"\x15\x02" + schema + b"\x16\x00" + b"\x19\x0c" + b"\x00"
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
