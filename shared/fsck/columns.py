"""Filter columns of a product as `fsck` compares them: what SQL says beside what the index was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.catalog.product import LoggedColumns

FIELDS: Final = tuple(LoggedColumns.__annotations__)

Columns = tuple[Any, ...]  # values in the order of FIELDS

_SHOWN = 60  # characters of a value


def columns_of(told: Mapping[str, Any]) -> Columns:
    """Of a log entry, a snapshot's line or a product; what is not told is nothing."""
    values = {**told, "labels": tuple(told.get("labels") or ())}
    return tuple(values.get(field) for field in FIELDS)


def difference(held: Columns | None, ours: Columns) -> str:
    """Which columns differ, for people."""
    if held is None:
        return "none are held"
    return "; ".join(_parts(held, ours))


def _parts(held: Columns, ours: Columns) -> Iterator[str]:
    for field, theirs, mine in zip(FIELDS, held, ours, strict=True):
        if theirs != mine:
            yield f"{field} is {repr(theirs)[:_SHOWN]}, not {repr(mine)[:_SHOWN]}"
