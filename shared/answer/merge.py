"""Merging the parts of an answer: each group searched its own shards; a product lives in one shard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from shared.answer.categories import VOTERS
from shared.images.box import Box
from shared.index.log import Position, Positions
from shared.jobs.search_request import GroupBy

# A product deleted after its shard was searched leaves room that these fill.
OVERFETCH = 8


def depth(limit: int) -> int:
    """Hits that a part brings where `limit` are shown: those that vote for a category are among them."""
    return max(limit, VOTERS) + OVERFETCH


@dataclass(frozen=True)
class Hit:
    """One item of an image, before names and prices. `score`: cosine, -1..1. `box`: of the upright image."""

    score: float
    product_id: str
    image_id: str
    item: int
    box: Box


@dataclass(frozen=True)
class Part:
    """One group's share: where its shards stood, and its best hits for each item of the photo."""

    index_id: str
    positions: Positions
    time: float  # when the oldest of its views was made
    items: tuple[tuple[Hit, ...], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "index_id": self.index_id,
            "positions": [[shard, *place] for shard, place in sorted(self.positions.items())],
            "time": self.time,
            "items": [[asdict(hit) for hit in hits] for hits in self.items],
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Part:
        return cls(
            body["index_id"],
            {shard: Position(seq, chain) for shard, seq, chain in body["positions"]},
            body["time"],
            tuple(tuple(Hit(**{**hit, "box": tuple(hit["box"])}) for hit in hits) for hits in body["items"]),
        )


def merge(parts: Iterable[Part], item_count: int, limit: int) -> list[list[Hit]]:
    """For each item the `limit` best hits of all parts, best first."""
    every = list(parts)
    return [
        sorted(
            (hit for part in every for hit in part.items[number]),
            key=best_first,
        )[:limit]
        for number in range(item_count)
    ]


def with_whole(found: list[list[Hit]], group_by: GroupBy) -> list[list[Hit]]:
    """The last list, the whole photo's, joins the first, the main item's.

    Of one product, or of one image with `group_by` image, the better hit stays.
    """
    best: dict[str, Hit] = {}
    for hit in sorted((*found[0], *found[-1]), key=best_first):
        best.setdefault(hit.image_id if group_by == "image" else hit.product_id, hit)
    return [list(best.values()), *found[1:-1]]


def best_first(hit: Hit) -> tuple[float, str, str]:
    """The order of hits, as a key of `sorted`; equal scores by their ids, so that it is always the same."""
    return (-hit.score, hit.product_id, hit.image_id)
