"""The bad rows of an import as a file, read from the database a page at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, select, tuple_

from shared.db.engine import Database
from shared.db.tables import row_errors

JSONL = "application/jsonl"
CSV = "text/csv"

COLUMNS = ("manifest", "line", "product_id", "field", "reason", "detail")
PAGE_ROWS = 5_000

# A spreadsheet takes a cell that begins so for a formula, some in full-width form too (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def rows(db: Database, job_id: str) -> Iterator[Row[Any]]:
    """Rows of `row_errors` by manifest and line."""
    order = (row_errors.c.manifest, row_errors.c.line, row_errors.c.chunk, row_errors.c.no)
    query = select(row_errors).where(row_errors.c.job_id == job_id).order_by(*order).limit(PAGE_ROWS)
    page = query
    while True:
        with db.read() as c:
            found = c.execute(page).all()
        yield from found
        if len(found) < PAGE_ROWS:
            return
        last = found[-1]
        page = query.where(tuple_(*order) > (last.manifest, last.line, last.chunk, last.no))


def as_jsonl(found: Iterable[Row[Any]], names: Sequence[str]) -> Iterator[str]:
    """One JSON object per bad row; texts are exact."""
    for row in found:
        yield json.dumps(dict(zip(COLUMNS, _cells(row, names), strict=True)), ensure_ascii=False) + "\n"


def as_csv(found: Iterable[Row[Any]], names: Sequence[str]) -> Iterator[str]:
    """RFC 4180 with a header; cells that would be formulas begin with an apostrophe."""
    line = io.StringIO()
    write = csv.writer(line).writerow
    write(COLUMNS)
    for row in found:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        write([_harmless(cell) for cell in _cells(row, names)])
    yield line.getvalue()


def _cells(row: Row[Any], names: Sequence[str]) -> tuple[Any, ...]:
    return names[row.manifest], row.line, row.product_id, row.field, row.reason, row.detail


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
