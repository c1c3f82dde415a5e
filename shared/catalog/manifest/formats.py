"""Which format a manifest has: by its content where that tells, else by its declared name and type."""

import io
from enum import StrEnum
from typing import BinaryIO

from shared.catalog.manifest.compressed import BoundedGzip, is_gzip
from shared.catalog.manifest.limits import DEFAULT_LIMITS
from shared.catalog.manifest.lines import UTF8_BOM
from shared.catalog.manifest.rows import ManifestFaultError


class ManifestFormat(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"


PARQUET_MAGIC = b"PAR1"
_HEAD_BYTES = 4096

_BY_SUFFIX = {
    "csv": ManifestFormat.CSV,
    "tsv": ManifestFormat.TSV,
    "tab": ManifestFormat.TSV,
    "jsonl": ManifestFormat.JSONL,
    "ndjson": ManifestFormat.JSONL,
    "parquet": ManifestFormat.PARQUET,
}
_BY_TYPE = {
    "text/csv": ManifestFormat.CSV,
    "text/tab-separated-values": ManifestFormat.TSV,
    "application/jsonl": ManifestFormat.JSONL,
    "application/x-ndjson": ManifestFormat.JSONL,
    "application/vnd.apache.parquet": ManifestFormat.PARQUET,
}


def detect_format(file: BinaryIO, name: str = "", content_type: str = "") -> ManifestFormat:
    """The format of a seekable file, which is left at its start.

    `PAR1` and a first `{` or `[` tell by themselves. Text is what its name (`products.csv.gz`) or else its
    type says; where neither does, a tab in the first line makes it TSV, anything else CSV.
    """
    head = _head(file)
    if head.startswith(PARQUET_MAGIC):
        return ManifestFormat.PARQUET
    if head.removeprefix(UTF8_BOM).lstrip()[:1] in (b"{", b"["):
        return ManifestFormat.JSONL
    declared = _BY_SUFFIX.get(name.lower().removesuffix(".gz").rpartition(".")[2])
    declared = declared or _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    if declared in (ManifestFormat.CSV, ManifestFormat.TSV):
        return declared
    first_line = head.partition(b"\n")[0]
    return ManifestFormat.TSV if b"\t" in first_line else ManifestFormat.CSV


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if is_gzip(head):
        try:
            head = io.BufferedReader(BoundedGzip(file, DEFAULT_LIMITS)).read(_HEAD_BYTES)
        except ManifestFaultError:
            head = b""  # reading the manifest will say what is wrong with it
        file.seek(0)
    return head
