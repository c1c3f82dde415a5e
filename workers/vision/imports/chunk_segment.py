"""The segment of one chunk: its vectors, rows sorted by shard, and the changes that refer to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.catalog.changes import KeptImage, NewImage, ProductChange, SegmentRange
from shared.index.placement import LiveIndex, shard_of
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.vectors.codec import encode_segment
from workers.vision.deps import Vision
from workers.vision.images.values import Ready
from workers.vision.images.vector_rows import vector_rows
from workers.vision.imports.chunk_values import RowOutcome


@dataclass(frozen=True)
class ChunkSegment:
    """What a chunk appends; `stored` is None when it has no new vector."""

    changes: list[ProductChange]
    ranges: dict[int, SegmentRange]
    stored: Stored | None


def build(
    vision: Vision, tenant: str, index: LiveIndex, accept_no: int, outcomes: Sequence[RowOutcome]
) -> ChunkSegment:
    """Write the segment of these outcomes and say what changes with it."""
    by_shard: dict[int, list[tuple[str, Ready]]] = {}
    place: dict[str, int] = {}
    for outcome in outcomes:
        shard = shard_of(outcome.row.row.id, index.shards)
        for ready in outcome.ready:
            members = by_shard.setdefault(shard, [])
            place[ready.image_id] = len(members)
            members.append((outcome.row.row.id, ready))
    stored: Stored | None = None
    ranges: dict[int, SegmentRange] = {}
    if by_shard:
        blocks = {shard: vector_rows(members) for shard, members in by_shard.items()}
        body, parts = encode_segment(blocks, index.fingerprint)
        stored = vision.store.put(new_name("segments", tenant, vision.db.clock()), body)
        ranges = {
            p.shard: SegmentRange(p.rows, p.sha256, object=stored.name, offset=p.offset, length=p.length)
            for p in parts
        }
    name = stored.name if stored else None
    changes = [_change(o, accept_no, name, place) for o in outcomes if not o.refused]
    return ChunkSegment(changes, ranges, stored)


def _change(outcome: RowOutcome, accept_no: int, segment: str | None, place: dict[str, int]) -> ProductChange:
    row = outcome.row.row
    new: list[NewImage | KeptImage] = [
        r.as_new(segment=segment, segment_row=place[r.image_id], inline=False) for r in outcome.ready
    ]
    return ProductChange(
        product_id=row.id,
        accept_no=accept_no,
        line=outcome.row.line,
        attributes=row.attributes,
        images=None if row.images is None else (*outcome.kept, *new),
        complete=not outcome.faults,
    )
