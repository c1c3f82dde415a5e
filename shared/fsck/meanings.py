"""What each code of `fsck` means, and what `--repair` does about it, in sentences for whoever runs a shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.fsck.finding import Code, Finding


@dataclass(frozen=True)
class Meaning:
    meaning: str
    repair: str


_BY_ROLE = "what names it is mended: a snapshot is dropped, a picture made again from its source, and so on"
_FROM_SQL = "the shard begins a new history, which index workers load from SQL and the segments"

MEANINGS: dict[Code, Meaning] = {
    Code.LOOK_FAILED: Meaning(
        "a row is of a form that none may have, and the look at its part ended there; the log says where",
        "none",
    ),
    Code.OBJECT_MISSING: Meaning("an owner row's object is not in the store", _BY_ROLE),
    Code.OBJECT_LENGTH: Meaning("an object is not as long as its owner row says", _BY_ROLE),
    Code.OBJECT_DAMAGED: Meaning("an object's bytes are not those whose SHA-256 was recorded", _BY_ROLE),
    Code.OBJECT_ORPHAN: Meaning("no row owns the object, and its hour was swept", "it is deleted"),
    Code.OWNER_MISSING: Meaning("a row names an object that nobody owns, or that is to be removed", _BY_ROLE),
    Code.OWNER_UNNAMED: Meaning(
        "an object is owned and kept for good, and nothing names it", "it is removed"
    ),
    Code.OWNER_TENANT: Meaning(
        "an owner row is of another tenant than the object's name", "the row takes the name's tenant"
    ),
    Code.CATALOG_MISSING: Meaning(
        "products or an index of a catalog that has no row", "the row is made where the catalog has an index"
    ),
    Code.INDEX_MISSING: Meaning("a catalog has no live index, so nothing of it can be searched", "none"),
    Code.INDEX_TWICE: Meaning(
        "a catalog has more than one live index", "the one that went live last stays, others are retired"
    ),
    Code.SHARD_MISSING: Meaning("a shard of an index has no row", "the row is made; " + _FROM_SQL),
    Code.SHARD_STRAY: Meaning(
        "rows of a shard that no index has: of its log, its segments, a snapshot or a placement",
        "they go, with snapshots' files",
    ),
    Code.SHARD_NUMBERS: Meaning(
        "a shard's row says that more was sealed, or is to be, than its log has: nothing would be sealed",
        "the numbers end where the log does, and the shard is sealed",
    ),
    Code.PLACEMENT_MISSING: Meaning("no group holds a shard", "it goes to the emptiest group"),
    Code.PLACEMENT_ABSENT: Meaning(
        "a shard's group has had no index worker for an hour, while others are served",
        "it goes to the emptiest group that is served",
    ),
    Code.COUNTER_BEHIND: Meaning(
        "something was accepted under a greater number than the next one: writes to come would lose to it",
        "numbers go on after the greatest",
    ),
    Code.PRODUCT_IMPOSSIBLE: Meaning(
        "a product is half deleted, keeps attributes though it is, or was touched by no write so late",
        "by the number of its delete it lives or does not, and its other columns follow",
    ),
    Code.IMAGE_STRAY: Meaning("an image of a product that is deleted or was never there", "it is dropped"),
    Code.IMAGE_PICTURE: Meaning(
        "an image of a product has no stored picture, and nobody is making it",
        "its product is written again from its source; none where that is lost",
    ),
    Code.PHOTO_KEPT: Meaning(
        "an uploaded photo or a query's has no time to go at", "it goes when results kept from now on would"
    ),
    Code.SEGMENT_RANGE: Meaning(
        "a shard's part of a segment is not within its object, or not as recorded", "see vector_lost"
    ),
    Code.SEGMENT_FOREIGN: Meaning(
        "a segment holds vectors of another model, dimension or number of rows", "see vector_lost"
    ),
    Code.SEGMENT_ROW: Meaning(
        "an image's vector stands in another row of its segment than the image says", "the row is corrected"
    ),
    Code.HOLDING_MISSING: Meaning(
        "a segment holds a product and no row says so: an erasure would pass it by", "the row is made"
    ),
    Code.HOLDING_STRAY: Meaning(
        "a row says that a segment holds a product, and it does not: an erasure would wait for it for ever",
        "the row goes",
    ),
    Code.VECTOR_LOST: Meaning(
        "neither its row nor a segment holds the vector of an image",
        "its product is written again with its stored picture, or from its source where that is lost too",
    ),
    Code.LOG_GAP: Meaning("an entry of a shard's log is missing", _FROM_SQL),
    Code.LOG_CHAIN: Meaning("an entry does not follow the one before it", _FROM_SQL),
    Code.LOG_DIGEST: Meaning("an entry is not what its digest says", _FROM_SQL),
    Code.LOG_END: Meaning("a shard's log does not end where the shard's row says", _FROM_SQL),
    Code.LOG_SEGMENT: Meaning(
        "an entry names a part of a segment that no row knows, or knows otherwise", _FROM_SQL
    ),
    Code.SNAPSHOT_BAD: Meaning(
        "a snapshot is of another model or history, a file of it is lost or damaged, or the log since an "
        "older one does not lead to the catalogue",
        "it is dropped and a new one asked for; shards load from the one before, or from SQL",
    ),
    Code.VECTOR_MISSING: Meaning("an image is in the catalogue, and the index does not hold it", _FROM_SQL),
    Code.VECTOR_PHANTOM: Meaning("the index holds an image that is not in the catalogue", _FROM_SQL),
    Code.VECTOR_DUPLICATE: Meaning("the index holds an image twice", _FROM_SQL),
    Code.VECTOR_DIFFERS: Meaning("the index holds another vector of an image than is stored", _FROM_SQL),
    Code.COLUMNS_DIFFER: Meaning(
        "the index filters a product by other values (price, rating, brand …) than it has",
        "an entry of the log tells every index worker its values",
    ),
    Code.ERASED_BACK: Meaning(
        "a product or a job is there that the list of what was erased names",
        "it is hidden, and erased with a receipt of its own",
    ),
    Code.ERASED_LEFT: Meaning(
        "segments, snapshots or the log hold a product that was erased, and no receipt waits for it",
        "a new receipt: it is erased as after a delete",
    ),
    Code.ERASED_LIST: Meaning(
        "the list of what was erased cannot be read whole: a restore would stop there", "none"
    ),
    Code.JOB_IMPOSSIBLE: Meaning(
        "a job is in a state that none can be in",
        "an unknown state or stage fails, a finished job loses its lease and gets a time to expire at",
    ),
    Code.JOB_STUCK: Meaning(
        "an open job that nobody works on and no keeper will send again", "it is due now"
    ),
    Code.JOB_KEPT: Meaning(
        "a job whose time is over still holds what it was given or found", "it is emptied"
    ),
    Code.EXPLANATION_STUCK: Meaning(
        "an explanation without its pictures, which no job will make", "it goes: ask for it again"
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


def to_json(finding: Finding) -> dict[str, Any]:
    told = MEANINGS[finding.code]
    return {
        "code": finding.code,
        "subject": finding.subject,
        "detail": finding.detail,
        "meaning": told.meaning,
        "repair": told.repair,
    }
