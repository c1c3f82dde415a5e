"""What a vision worker is told of the hit that it is to explain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shared.images.box import Box


@dataclass(frozen=True)
class ExplanationRequest:
    """Hit `hit` (from 1) of item `item` (from 0) of the search `search`.

    `boxes` are parts of the query's photo of which one was searched with: the likest counts, as in the
    search, where the whole photo's hits join the main item's.
    """

    search: str
    item: int
    hit: int
    query_image: str
    result_image: str
    boxes: tuple[Box, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> ExplanationRequest:
        return cls(**{**body, "boxes": tuple(tuple(box) for box in body["boxes"])})
