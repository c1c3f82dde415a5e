"""Manifests of one JSON object a line."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, NoReturn

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.columns import ColumnNames
from shared.catalog.manifest.limits import ManifestLimits
from shared.catalog.manifest.lines import Line, physical_lines
from shared.catalog.manifest.rows import ManifestFaultError, ProductRow, RowError
from shared.catalog.manifest.values import make_row, readable_id

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')


class _NotFiniteError(Exception):
    """A number that no float can hold, met while a line is parsed."""


def read_json_lines(
    file: BinaryIO, limits: ManifestLimits, names: ColumnNames
) -> Iterator[ProductRow | RowError]:
    """Rows of a JSONL file in UTF-8; blank lines are skipped, of a key given twice the last counts."""
    first = True
    for line in physical_lines(file, limits.row_bytes):
        content = line.data.strip()
        if not content:
            continue
        if first and content in (b"{", b"["):
            detail = "the objects are spread over several lines; write each on a line of its own"
            raise ManifestFaultError(line.number, FaultCode.UNREADABLE, detail)
        first = False
        yield _read_line(line, limits, names)


def _read_line(line: Line, limits: ManifestLimits, names: ColumnNames) -> ProductRow | RowError:
    if line.cut:
        detail = f"a row has at most {limits.row_bytes} bytes"
        return RowError(line.number, None, FaultCode.ROW_TOO_LONG, detail)
    # Bytes that are not UTF-8 become lone surrogates, so that the id of such a row can still be read.
    text = line.data.decode("utf-8", "surrogateescape")
    if _is_deeper(text, limits.depth):
        detail = f"the values are nested deeper than {limits.depth}"
        return RowError(line.number, None, FaultCode.TOO_DEEP, detail)
    try:
        value = json.loads(text, parse_float=_parse_float, parse_constant=_refuse_constant)
    except _NotFiniteError:
        return RowError(line.number, None, FaultCode.NOT_FINITE, "NaN and infinite numbers are refused")
    except json.JSONDecodeError as error:
        return RowError(line.number, None, FaultCode.BAD_JSON, f"not JSON: {error}")
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        return RowError(line.number, None, FaultCode.BAD_JSON, "a number has too many digits")
    if not isinstance(value, dict):
        detail = "a line holds one JSON object in braces"
        return RowError(line.number, None, FaultCode.NOT_AN_OBJECT, detail)
    values = names.pick(value)
    if not _is_utf8(line.data):
        detail = "the line is not UTF-8"
        return RowError(line.number, None, FaultCode.BAD_ENCODING, detail, readable_id(values.get("id")))
    return make_row(values, line.number, limits)


def _is_deeper(text: str, depth: int) -> bool:
    """Whether brackets outside strings nest deeper than `depth`: told before the parser, which recurses."""
    if text.count("{") + text.count("[") <= depth:
        return False
    level = 0
    for character in _STRING.sub("", text):
        if character in "{[":
            level += 1
            if level > depth:
                return True
        elif character in "}]":
            level -= 1
    return False


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse_float(text: str) -> Decimal:
    """Exact, so that a price written 39.90 keeps its zero."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:  # an exponent of twenty digits
        raise _NotFiniteError from error
    if abs(number.adjusted()) > 300:  # float64 ends at 1.8e308
        raise _NotFiniteError
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise _NotFiniteError(name)
