"""Reading a manifest out of bytes, for the tests of its formats."""

import io
from typing import Any

import pytest

from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.manifest.limits import DEFAULT_LIMITS, ManifestLimits
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.rows import ManifestDone, ProductRow, Record, RowError

CSV, TSV, JSONL, PARQUET = ManifestFormat
KIB = 1024
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
