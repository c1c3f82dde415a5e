"""Manifests of cells between commas or tabs, with a header row."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.columns import ColumnNames
from shared.catalog.manifest.limits import ManifestLimits
from shared.catalog.manifest.records import BadRecord, CellRecord, cell_records
from shared.catalog.manifest.rows import ManifestFaultError, ProductRow, RowError
from shared.catalog.manifest.values import make_row, readable_id

_SURROGATE = re.compile("[\udc80-\udcff]")


def read_delimited(
    file: BinaryIO, delimiter: str, limits: ManifestLimits, names: ColumnNames
) -> Iterator[ProductRow | RowError]:
    """Rows of a CSV or TSV file in UTF-8; an empty cell is an absent value, a row of empty cells is skipped.

    Errors of the whole file: `bad_header`.
    """
    records = cell_records(file, delimiter, limits.row_bytes)
    header = next(records, None)
    if not isinstance(header, CellRecord) or not _is_utf8(header.cells):
        raise _header_fault(header)
    places = names.places(header.cells)
    if "id" not in places:
        mark = "commas" if delimiter == "," else "tabs"
        detail = f"no column among {len(header.cells)} is named id, sku or product_id (cells between {mark})"
        raise ManifestFaultError(header.line, FaultCode.BAD_HEADER, detail)
    for record in records:
        if isinstance(record, BadRecord):
            cell = record.cells[places["id"]] if places["id"] < len(record.cells) else None
            yield RowError(record.line, None, record.reason, record.detail, readable_id(cell))
        elif any(record.cells):
            yield _read_record(record, places, limits)


def _read_record(record: CellRecord, places: dict[str, int], limits: ManifestLimits) -> ProductRow | RowError:
    values = {column: record.cells[place] or None for column, place in places.items()}
    if not _is_utf8(record.cells):
        field = next((column for column, value in values.items() if value and not _is_utf8([value])), None)
        detail = "the cell is not UTF-8"
        return RowError(record.line, field, FaultCode.BAD_ENCODING, detail, readable_id(values["id"]))
    return make_row(values, record.line, limits)


def _header_fault(header: CellRecord | BadRecord | None) -> ManifestFaultError:
    match header:
        case None:
            line, detail = 1, "the manifest is empty; its first row names the columns"
        case BadRecord():
            line, detail = header.line, f"the header row: {header.detail}"
        case CellRecord():
            line, detail = header.line, "the header is not UTF-8; save the file as UTF-8"
    return ManifestFaultError(line, FaultCode.BAD_HEADER, detail)


def _is_utf8(cells: list[str]) -> bool:
    """Whether no cell holds the surrogates that stand for undecodable bytes (see `cell_records`)."""
    return not any(_SURROGATE.search(cell) for cell in cells)
