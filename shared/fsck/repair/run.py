"""Mending what was found, as far as nothing has to be invented for it.

Repairs run beside a live deployment: each is one transaction in the order of locks that all writes keep
(shared/catalog/locks.py), and looks again at what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.fsck.finding import UNREADABLE, Code, Finding
from shared.fsck.repair import catalogue, objects, products, work
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.embed import embed_lost
from shared.fsck.repair.shards import cut_numbers, drop_snapshots, renew

Repair = Callable[[Repairs, Finding], str | None]


def repair(repairs: Repairs, found: Iterable[Finding]) -> list[tuple[Finding, str | None]]:
    """What was done about each finding; None: it cannot be mended here. Raises Unavailable."""
    findings = list(found)
    repairs.damaged = frozenset(f.subject for f in findings if f.code in UNREADABLE)
    done = [(finding, _REPAIRS[finding.code](repairs, finding)) for finding in findings]
    embed_lost(repairs)
    products.tell_columns(repairs)
    for index_id, shard in sorted(repairs.renewed):
        with repairs.db.write() as c:
            renew(c, index_id, shard)
    return done


def _renew(repairs: Repairs, finding: Finding) -> str:
    repairs.renew(finding.keys["index_id"], finding.keys["shard"])
    return "the shard begins a new history"


def _drop_snapshot(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        drop_snapshots(c, finding.keys["index_id"], finding.keys["shard"], only=finding.keys["snapshot"])
    return "dropped; a new one is asked for"


def _cut_numbers(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        cut_numbers(c, finding.keys["index_id"], finding.keys["shard"])
    return "they end where its log does; it is sealed"


def _unmended(_: Repairs, __: Finding) -> None:
    """A person has to look at that row."""


_REPAIRS: dict[Code, Repair] = {
    Code.LOOK_FAILED: _unmended,
    Code.OBJECT_MISSING: objects.unreadable,
    Code.OBJECT_LENGTH: objects.unreadable,
    Code.OBJECT_DAMAGED: objects.unreadable,
    Code.OBJECT_ORPHAN: objects.orphan,
    Code.OWNER_MISSING: objects.unreadable,
    Code.OWNER_UNNAMED: objects.unnamed,
    Code.OWNER_TENANT: objects.tenant,
    Code.CATALOG_MISSING: catalogue.catalog,
    Code.INDEX_MISSING: catalogue.index,
    Code.INDEX_TWICE: catalogue.index_twice,
    Code.SHARD_MISSING: catalogue.shard,
    Code.SHARD_STRAY: catalogue.stray_shard,
    Code.SHARD_NUMBERS: _cut_numbers,
    Code.PLACEMENT_MISSING: catalogue.placement,
    Code.PLACEMENT_ABSENT: catalogue.absent,
    Code.COUNTER_BEHIND: products.counter,
    Code.PRODUCT_IMPOSSIBLE: products.impossible,
    Code.IMAGE_STRAY: catalogue.stray,
    Code.IMAGE_PICTURE: objects.picture,
    Code.PHOTO_KEPT: products.photo,
    Code.SEGMENT_RANGE: objects.part,
    Code.SEGMENT_FOREIGN: objects.part,
    Code.SEGMENT_ROW: objects.segment_row,
    Code.HOLDING_MISSING: objects.holding,
    Code.HOLDING_STRAY: objects.stray_holding,
    Code.VECTOR_LOST: objects.vector,
    Code.LOG_GAP: _renew,
    Code.LOG_CHAIN: _renew,
    Code.LOG_DIGEST: _renew,
    Code.LOG_END: _renew,
    Code.LOG_SEGMENT: _renew,
    Code.SNAPSHOT_BAD: _drop_snapshot,
    Code.VECTOR_MISSING: _renew,
    Code.VECTOR_PHANTOM: _renew,
    Code.VECTOR_DUPLICATE: _renew,
    Code.VECTOR_DIFFERS: _renew,
    Code.COLUMNS_DIFFER: products.columns,
    Code.ERASED_BACK: products.erased_back,
    Code.ERASED_LEFT: products.erased_left,
    Code.ERASED_LIST: products.erased_list,
    Code.JOB_IMPOSSIBLE: work.impossible,
    Code.JOB_STUCK: work.stuck,
    Code.JOB_KEPT: work.kept,
    Code.EXPLANATION_STUCK: work.explanation,
    Code.IMPORT_MISSING: work.end_import,
    Code.CHUNK_LEFT: work.chunk,
    Code.CHUNK_ROWS: work.end_import,
    Code.PART_COUNT: work.parts_left,
}
