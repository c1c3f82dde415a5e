"""Read a manifest: one record for every row, and a last one that says how it ended."""

import io
import tempfile
from collections.abc import Iterator
from shutil import copyfileobj
from typing import BinaryIO

from shared.catalog.manifest.columns import ColumnNames
from shared.catalog.manifest.compressed import BoundedGzip, is_gzip
from shared.catalog.manifest.delimited import read_delimited
from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.manifest.json_lines import read_json_lines
from shared.catalog.manifest.limits import DEFAULT_LIMITS, ManifestLimits
from shared.catalog.manifest.parquet import read_parquet
from shared.catalog.manifest.rows import (
    ManifestDone,
    ManifestFaultError,
    ManifestUnreadable,
    ProductRow,
    Record,
    RowError,
)


def read_rows(
    file: BinaryIO, manifest_format: ManifestFormat, limits: ManifestLimits = DEFAULT_LIMITS
) -> Iterator[Record]:
    """Stream the records of a seekable file, gzip'ed or not (by content).

    `ProductRow` and `RowError` come in the order of the file; the last record is always one `ManifestDone`
    or one `ManifestUnreadable`. Whatever the bytes are, nothing is raised but the file's own I/O errors.
    A library that parses hostile Parquet may crash: run this in a limited process.
    """
    names = ColumnNames()
    bad = line = 0
    try:
        for row in _rows(file, manifest_format, limits, names):
            line = row.line
            bad += isinstance(row, RowError)
            yield row
    except ManifestFaultError as fault:
        yield ManifestUnreadable(fault.line or line + 1, fault.reason, fault.detail)
    else:
        yield ManifestDone(bad, names.ignored)


def _rows(
    file: BinaryIO, manifest_format: ManifestFormat, limits: ManifestLimits, names: ColumnNames
) -> Iterator[ProductRow | RowError]:
    file.seek(0)
    packed = is_gzip(file.read(2))
    file.seek(0)
    plain: BinaryIO = io.BufferedReader(BoundedGzip(file, limits)) if packed else file
    match manifest_format:
        case ManifestFormat.CSV:
            yield from read_delimited(plain, ",", limits, names)
        case ManifestFormat.TSV:
            yield from read_delimited(plain, "\t", limits, names)
        case ManifestFormat.JSONL:
            yield from read_json_lines(plain, limits, names)
        case ManifestFormat.PARQUET if packed:
            # Parquet is read from its end, which a gzip stream cannot offer.
            with tempfile.TemporaryFile() as unpacked:
                copyfileobj(plain, unpacked)
                yield from read_parquet(unpacked, limits, names)
        case ManifestFormat.PARQUET:
            yield from read_parquet(plain, limits, names)
