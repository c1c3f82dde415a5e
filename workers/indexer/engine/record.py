"""What a snapshot's manifest says of one sealed segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FLAT = "flat"

# Shares of allowed rows for which probes are measured: the nprobe that finds enough among all rows finds
# little among few (300,000 × 256: recall .82 at 1 %, .16 at 0.1 %).
SHARES = {"100%": 1.0, "10%": 0.1, "1%": 0.01}


@dataclass(frozen=True)
class IndexRecord:
    """`type`: flat (exact), ivf_sq8 or ivf_fp16. `nprobe` and recall@10 reached, by SHARES' names."""

    type: str
    nlist: int
    nprobe: Mapping[str, int]
    recall: Mapping[str, float]


FLAT_INDEX = IndexRecord(FLAT, 0, {}, dict.fromkeys(SHARES, 1.0))


@dataclass(frozen=True)
class SegmentRecord:
    """`vectors`, `ids` and `index` are names of files; `index` is None for a flat segment."""

    rows: int
    vectors: str
    ids: str
    index: str | None
    built: IndexRecord

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> SegmentRecord:
        return cls(**{**fields, "built": IndexRecord(**fields["built"])})
