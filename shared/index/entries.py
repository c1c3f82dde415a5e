"""The entries of the log, a function for each kind: what its body holds.

`columns` is {product id: its filterable attributes}; `dropped` are ids of images that left their product;
`left_out` are rows of the block that belong to no product any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.index.log import Entry, EntryKind

Columns = Mapping[str, Mapping[str, Any]]


def segment(
    *,
    object: str,
    offset: int,
    length: int,
    sha256: str,
    rows: int,
    columns: Columns,
    dropped: Sequence[str] = (),
    left_out: Sequence[int] = (),
) -> Entry:
    """Rows of a block within an object of the store."""
    place = {"object": object, "offset": offset, "length": length, "sha256": sha256, "rows": rows}
    return Entry(EntryKind.SEGMENT, {**_told(columns, dropped, left_out), **place}, rows=rows)


def inline(
    block: bytes,
    *,
    rows: int,
    columns: Columns,
    dropped: Sequence[str] = (),
    left_out: Sequence[int] = (),
) -> Entry:
    """Rows of a block that stands in the log itself."""
    return Entry(EntryKind.INLINE, _told(columns, dropped, left_out), inline=block, rows=rows)


def delete(products: Sequence[str]) -> Entry:
    """These products, with all their rows, are no more."""
    return Entry(EntryKind.DELETE, {"products": list(products)})


def patch(columns: Columns, *, dropped: Sequence[str] = ()) -> Entry:
    """Other attributes, or fewer images; no new rows."""
    return Entry(EntryKind.PATCH, _told(columns, dropped, ()))


def sealed(snapshot: str, seq: int) -> Entry:
    """There is a snapshot of the shard as it stood at `seq`."""
    return Entry(EntryKind.SEALED, {"snapshot": snapshot, "seq": seq})


def _told(columns: Columns, dropped: Sequence[str], left_out: Sequence[int]) -> dict[str, Any]:
    body: dict[str, Any] = {"columns": dict(columns)}
    if dropped:
        body["dropped"] = list(dropped)
    if left_out:
        body["left_out"] = list(left_out)
    return body
