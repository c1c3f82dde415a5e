"""What may become of a hostile manifest: records in order and one end, whatever the bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, Record, RowError
from shared.catalog.manifest.wire import from_json, to_json
from workers.vision.imports.manifest_parse import parse_in_child


def ending(data: bytes, kind: ManifestFormat) -> str:
    """How reading it here ends: `done` or the code. Raises AssertionError for records out of order."""
    return _ending(read_rows(io.BytesIO(data), kind))


def ending_in_child(path: Path, kind: ManifestFormat) -> str:
    """The same through the limited child."""
    return _ending(parse_in_child(path, kind))


def _ending(records: Iterable[Record]) -> str:
    line = bad = 0
    end: Record | None = None
    for record in records:
        assert end is None, "a record behind the end"
        assert from_json(json.loads(json.dumps(to_json(record)))) == record
        match record:
            case ProductRow() | RowError():
                assert record.line > line, "lines go back"
                line = record.line
                if isinstance(record, RowError):
                    bad += 1
                    assert record.reason in set(FaultCode)
            case ManifestDone() | ManifestUnreadable():
                end = record
    assert end is not None, "no end"
    if isinstance(end, ManifestDone):
        assert end.bad_rows == bad
        return "done"
    assert end.reason in set(FaultCode)
    return end.reason
