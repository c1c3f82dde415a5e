"""Manifests in Parquet, read batch by batch; pyarrow is imported only when one is read."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.columns import ColumnNames
from shared.catalog.manifest.limits import MIB, ManifestLimits
from shared.catalog.manifest.rows import ManifestFaultError, ProductRow, RowError
from shared.catalog.manifest.values import make_row, readable_id
from shared.catalog.text import shown

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS = 256
# What the footer may make the library allocate before any row is read.
_FOOTER_STRING_BYTES = 16 * MIB
_FOOTER_ENTRIES = 1_000_000

T = TypeVar("T")


class _Undecodable:
    """Stands for a cell whose bytes are not UTF-8."""


_UNDECODABLE = _Undecodable()


def read_parquet(
    file: BinaryIO, limits: ManifestLimits, names: ColumnNames
) -> Iterator[ProductRow | RowError]:
    """Rows of a Parquet file, numbered from 1; columns may be text, numbers, lists of text or structs.

    Errors of the whole file: `parquet_missing`, `unreadable`, `too_compressed`, `bad_header`. The library
    that parses a hostile file may also crash, so this runs in a process of its own.
    """
    source = _open(file)
    size = file.seek(0, os.SEEK_END)
    _check_ratio(_from_library(lambda: _declared_size(source)), size, 1, limits)
    header: list[str] = _from_library(lambda: source.schema_arrow.names)
    columns = {column: header[place] for column, place in names.places(header).items()}
    if "id" not in columns:
        detail = f"no id column among {len(header)}; name one id, sku or product_id"
        raise ManifestFaultError(1, FaultCode.BAD_HEADER, detail)
    line = unpacked = 0
    for batch in _batches(source, list(columns.values())):
        for cells in zip(*(batch[name] for name in columns.values()), strict=True):
            line += 1
            row_size = sum(map(_size, cells))
            unpacked += row_size
            # A value repeated a million times costs nothing in the file, so what is declared is not enough.
            _check_ratio(unpacked, size, line, limits)
            yield _read_row(dict(zip(columns, cells, strict=True)), row_size, line, limits)


def _read_row(
    values: dict[str, object], size: int, line: int, limits: ManifestLimits
) -> ProductRow | RowError:
    for field, value in values.items():
        if value is _UNDECODABLE:
            detail = "the cell is not UTF-8"
            return RowError(line, field, FaultCode.BAD_ENCODING, detail, readable_id(values["id"]))
    if size > limits.row_bytes:
        detail = f"a row has at most {limits.row_bytes} bytes"
        return RowError(line, None, FaultCode.ROW_TOO_LONG, detail, readable_id(values["id"]))
    return make_row(values, line, limits)


def _size(value: object) -> int:
    """About the bytes the value would take in a JSON line."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, list):
        return sum(map(_size, value))
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return 8


def _open(file: BinaryIO) -> "ParquetFile":
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        detail = "Parquet needs the extra: pip install 'tusou[parquet]'; or send CSV or JSONL"
        raise ManifestFaultError(1, FaultCode.PARQUET_MISSING, detail) from error
    return _from_library(
        lambda: ParquetFile(
            file,
            pre_buffer=False,  # it would hold whole row groups
            buffer_size=MIB,
            thrift_string_size_limit=_FOOTER_STRING_BYTES,
            thrift_container_size_limit=_FOOTER_ENTRIES,
        )
    )


def _declared_size(source: "ParquetFile") -> int:
    footer = source.metadata
    return sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))


def _check_ratio(unpacked: int, packed: int, line: int, limits: ManifestLimits) -> None:
    if unpacked > max(limits.ratio_from_bytes, limits.ratio * packed):
        detail = f"it unpacks to more than {limits.ratio} times its size; send it less compressed"
        raise ManifestFaultError(line, FaultCode.TOO_COMPRESSED, detail)


def _batches(source: "ParquetFile", columns: Sequence[str]) -> Iterator[dict[str, list[object]]]:
    """The values of some hundred rows at a time, by the column's name in the file."""
    batches = _from_library(
        lambda: source.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns), use_threads=False)
    )
    while (batch := _from_library(lambda: next(batches, None))) is not None:
        yield _from_library(partial(_cells, batch, columns))


def _cells(batch: "RecordBatch", columns: Sequence[str]) -> dict[str, list[object]]:
    return {name: _values(batch.column(batch.schema.names.index(name))) for name in columns}


def _values(column: Any) -> list[object]:
    """A column's values as Python objects; a cell that is not UTF-8 does not spoil its neighbours."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_cell(scalar) for scalar in column]


def _cell(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _UNDECODABLE


def _from_library(step: Callable[[], T]) -> T:
    """What pyarrow answers; a damaged file makes it raise nearly anything."""
    try:
        return step()
    except Exception as error:
        detail = f"the Parquet file is damaged or too large: {shown(str(error))}"
        raise ManifestFaultError(0, FaultCode.UNREADABLE, detail) from error
