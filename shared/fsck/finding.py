"""What `fsck` finds: each inconsistency has a code, with what it means and what `--repair` does about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    OBJECT_MISSING = "object_missing"
    OBJECT_LENGTH = "object_length"
    OBJECT_DAMAGED = "object_damaged"
    OBJECT_ORPHAN = "object_orphan"
    OWNER_MISSING = "owner_missing"
    OWNER_UNNAMED = "owner_unnamed"
    CATALOG_MISSING = "catalog_missing"
    INDEX_MISSING = "index_missing"
    SHARD_MISSING = "shard_missing"
    PLACEMENT_MISSING = "placement_missing"
    IMAGE_STRAY = "image_stray"
    SEGMENT_RANGE = "segment_range"
    SEGMENT_FOREIGN = "segment_foreign"
    HOLDING_MISSING = "holding_missing"
    VECTOR_LOST = "vector_lost"
    LOG_GAP = "log_gap"
    LOG_CHAIN = "log_chain"
    LOG_DIGEST = "log_digest"
    LOG_END = "log_end"
    SNAPSHOT_BAD = "snapshot_bad"
    VECTOR_MISSING = "vector_missing"
    VECTOR_PHANTOM = "vector_phantom"
    VECTOR_DUPLICATE = "vector_duplicate"
    JOB_IMPOSSIBLE = "job_impossible"
    JOB_STUCK = "job_stuck"
    IMPORT_MISSING = "import_missing"
    CHUNK_LEFT = "chunk_left"
    CHUNK_ROWS = "chunk_rows"
    PART_COUNT = "part_count"


# Of an object that these say something of, nothing can be read.
UNREADABLE = (Code.OBJECT_MISSING, Code.OBJECT_LENGTH, Code.OBJECT_DAMAGED, Code.OWNER_MISSING)


@dataclass(frozen=True)
class Meaning:
    """Sentences for whoever runs a shop."""

    meaning: str
    repair: str


_BY_ROLE = "what names it is mended: a snapshot is dropped, a picture made again from its source, and so on"
_FROM_SQL = "the shard begins a new history, which index workers load from SQL and the segments"

MEANINGS: dict[Code, Meaning] = {
    Code.OBJECT_MISSING: Meaning("an owner row's object is not in the store", _BY_ROLE),
    Code.OBJECT_LENGTH: Meaning("an object is not as long as its owner row says", _BY_ROLE),
    Code.OBJECT_DAMAGED: Meaning("an object's bytes are not those whose SHA-256 was recorded", _BY_ROLE),
    Code.OBJECT_ORPHAN: Meaning("no row owns the object, and its hour was swept", "it is deleted"),
    Code.OWNER_MISSING: Meaning("a row names an object that nobody owns, or that is to be removed", _BY_ROLE),
    Code.OWNER_UNNAMED: Meaning(
        "an object is owned and kept for good, and nothing names it", "it is removed"
    ),
    Code.CATALOG_MISSING: Meaning(
        "products or an index of a catalog that has no row", "the row is made where the catalog has an index"
    ),
    Code.INDEX_MISSING: Meaning("a catalog has no live index, so nothing of it can be searched", "none"),
    Code.SHARD_MISSING: Meaning("a shard of an index has no row", "the row is made; " + _FROM_SQL),
    Code.PLACEMENT_MISSING: Meaning("no group holds a shard", "it goes to the emptiest group"),
    Code.IMAGE_STRAY: Meaning("an image of a product that is deleted or was never there", "it is dropped"),
    Code.SEGMENT_RANGE: Meaning(
        "a shard's part of a segment is not within its object, or not as recorded", "see vector_lost"
    ),
    Code.SEGMENT_FOREIGN: Meaning(
        "a segment holds vectors of another model, dimension or number of rows", "see vector_lost"
    ),
    Code.HOLDING_MISSING: Meaning(
        "a segment holds a product and no row says so: an erasure would pass it by", "the row is made"
    ),
    Code.VECTOR_LOST: Meaning(
        "neither its row nor a segment holds the vector of an image",
        "its product is written again with its stored picture, or from its source where that is lost too",
    ),
    Code.LOG_GAP: Meaning("an entry of a shard's log is missing", _FROM_SQL),
    Code.LOG_CHAIN: Meaning("an entry does not follow the one before it", _FROM_SQL),
    Code.LOG_DIGEST: Meaning("an entry is not what its digest says", _FROM_SQL),
    Code.LOG_END: Meaning("a shard's log does not end where the shard's row says", _FROM_SQL),
    Code.SNAPSHOT_BAD: Meaning(
        "a snapshot's file is lost or damaged, or it is not on the path of its log",
        "it is dropped and a new one asked for; shards load from the one before, or from SQL",
    ),
    Code.VECTOR_MISSING: Meaning("an image is in the catalogue, and the index does not hold it", _FROM_SQL),
    Code.VECTOR_PHANTOM: Meaning("the index holds an image that is not in the catalogue", _FROM_SQL),
    Code.VECTOR_DUPLICATE: Meaning("the index holds an image twice", _FROM_SQL),
    Code.JOB_IMPOSSIBLE: Meaning(
        "a job is in a state that none can be in",
        "an unknown state or stage fails, a finished job loses its lease and gets a time to expire at",
    ),
    Code.JOB_STUCK: Meaning(
        "an open job that nobody works on and no keeper will send again", "it is due now"
    ),
    Code.IMPORT_MISSING: Meaning("an open import without what it was to import", "it fails; import again"),
    Code.CHUNK_LEFT: Meaning("an open chunk of an import that has ended", "it is closed"),
    Code.CHUNK_ROWS: Meaning(
        "the chunks of an open import do not add up to its rows", "it fails; import again"
    ),
    Code.PART_COUNT: Meaning(
        "a search waits for another number of parts than there are missing", "it waits for the right number"
    ),
}


@dataclass(frozen=True)
class Finding:
    """One inconsistency. `subject` names it for people; `keys` are what its repair needs."""

    code: Code
    subject: str
    detail: str
    keys: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    def to_json(self) -> dict[str, Any]:
        told = MEANINGS[self.code]
        return {
            "code": self.code,
            "subject": self.subject,
            "detail": self.detail,
            "meaning": told.meaning,
            "repair": told.repair,
        }
