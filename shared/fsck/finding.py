"""What `fsck` finds: each inconsistency has a code (what each means: shared/fsck/meanings.py)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.errors import TusouError

log = logging.getLogger(__name__)


class Code(StrEnum):
    LOOK_FAILED = "look_failed"
    OBJECT_MISSING = "object_missing"
    OBJECT_LENGTH = "object_length"
    OBJECT_DAMAGED = "object_damaged"
    OBJECT_ORPHAN = "object_orphan"
    OWNER_MISSING = "owner_missing"
    OWNER_UNNAMED = "owner_unnamed"
    OWNER_TENANT = "owner_tenant"
    CATALOG_MISSING = "catalog_missing"
    INDEX_MISSING = "index_missing"
    INDEX_TWICE = "index_twice"
    SHARD_MISSING = "shard_missing"
    SHARD_STRAY = "shard_stray"
    SHARD_NUMBERS = "shard_numbers"
    PLACEMENT_MISSING = "placement_missing"
    PLACEMENT_ABSENT = "placement_absent"
    COUNTER_BEHIND = "counter_behind"
    PRODUCT_IMPOSSIBLE = "product_impossible"
    IMAGE_STRAY = "image_stray"
    IMAGE_PICTURE = "image_picture"
    PHOTO_KEPT = "photo_kept"
    SEGMENT_RANGE = "segment_range"
    SEGMENT_FOREIGN = "segment_foreign"
    SEGMENT_ROW = "segment_row"
    HOLDING_MISSING = "holding_missing"
    HOLDING_STRAY = "holding_stray"
    VECTOR_LOST = "vector_lost"
    LOG_GAP = "log_gap"
    LOG_CHAIN = "log_chain"
    LOG_DIGEST = "log_digest"
    LOG_END = "log_end"
    LOG_SEGMENT = "log_segment"
    SNAPSHOT_BAD = "snapshot_bad"
    VECTOR_MISSING = "vector_missing"
    VECTOR_PHANTOM = "vector_phantom"
    VECTOR_DUPLICATE = "vector_duplicate"
    VECTOR_DIFFERS = "vector_differs"
    COLUMNS_DIFFER = "columns_differ"
    ERASED_BACK = "erased_back"
    ERASED_LEFT = "erased_left"
    ERASED_LIST = "erased_list"
    JOB_IMPOSSIBLE = "job_impossible"
    JOB_STUCK = "job_stuck"
    JOB_KEPT = "job_kept"
    EXPLANATION_STUCK = "explanation_stuck"
    IMPORT_MISSING = "import_missing"
    CHUNK_LEFT = "chunk_left"
    CHUNK_ROWS = "chunk_rows"
    PART_COUNT = "part_count"


# Of an object that these say something of, nothing can be read.
UNREADABLE = (Code.OBJECT_MISSING, Code.OBJECT_LENGTH, Code.OBJECT_DAMAGED, Code.OWNER_MISSING)


@dataclass(frozen=True)
class Finding:
    """One inconsistency. `subject` names it for people; `keys` are what its repair needs."""

    code: Code
    subject: str
    detail: str
    keys: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)


def guarded(what: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """These findings, and one more where a row is of a form that the look itself stumbles over: whatever else
    there is to find is found all the same. Raises what is no fault of a row, as Unavailable."""
    try:
        yield from findings
    except TusouError:
        raise
    except Exception as error:
        log.exception("fsck stumbled over %s", what)
        yield Finding(Code.LOOK_FAILED, what, f"{type(error).__name__}: {error}"[:300])
