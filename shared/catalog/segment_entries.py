"""The log entries of an append: one per shard, for its range of the segment and its products' columns."""

from __future__ import annotations

from collections.abc import Mapping

from shared.catalog.changes import SegmentRange
from shared.catalog.standing import Standing
from shared.index import entries, log
from shared.index.placement import LiveIndex, shard_of


def entries_of(
    index: LiveIndex, standings: Mapping[str, Standing], ranges: Mapping[int, SegmentRange]
) -> dict[int, list[log.Entry]]:
    """{shard: its entries}; what was left out of the products is named, so that no index holds it."""
    by_shard: dict[int, dict[str, Standing]] = {shard: {} for shard in ranges}
    for product_id, standing in standings.items():
        by_shard.setdefault(shard_of(product_id, index.shards), {})[product_id] = standing
    return {shard: _entries(members, ranges.get(shard)) for shard, members in by_shard.items()}


def _entries(members: Mapping[str, Standing], held: SegmentRange | None) -> list[log.Entry]:
    told = {product_id: standing.columns_to_log() for product_id, standing in members.items()}
    columns = {product_id: changed for product_id, changed in told.items() if changed is not None}
    dropped = sorted(i for standing in members.values() for i in standing.dropped)
    left_out = sorted(i.segment_row or 0 for standing in members.values() for i in standing.left_out)
    if held is None or len(left_out) == held.rows:
        return [entries.patch(columns, dropped=dropped)] if columns or dropped else []
    if held.inline is not None:
        return [
            entries.inline(held.inline, rows=held.rows, columns=columns, dropped=dropped, left_out=left_out)
        ]
    assert held.object is not None
    return [
        entries.segment(
            object=held.object,
            offset=held.offset,
            length=held.length,
            sha256=held.sha256,
            rows=held.rows,
            columns=columns,
            dropped=dropped,
            left_out=left_out,
        )
    ]
