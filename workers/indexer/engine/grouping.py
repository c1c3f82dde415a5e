"""The best row of each product (or image), out of the rankings of a shard's row sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workers.indexer.engine.port import GroupBy, Hit, ShardQuery
from workers.indexer.engine.ranking import Best, Ranking
from workers.indexer.engine.row_set import RowSet

# Shops show a product from a few sides: with so many rows per group one round mostly suffices.
ROWS_PER_GROUP = {"product": 2, "image": 1}


@dataclass(frozen=True)
class Candidate:
    """Sorts best first; ties by ids, so that every replica answers alike."""

    rank: tuple[float, str, str, int]  # -score, product, image, item
    row_set: RowSet
    row: int

    def group(self, group_by: GroupBy) -> str:
        return self.rank[1] if group_by == "product" else self.rank[2]

    def hit(self) -> Hit:
        score, product_id, image_id, item = self.rank
        x0, y0, x1, y1 = self.row_set.boxes[self.row].tolist()
        return Hit(-score, product_id, image_id, item, (x0, y0, x1, y1))


def best_hits(rankings: Sequence[tuple[RowSet, Ranking]], query: ShardQuery) -> list[Hit]:
    """Asks for twice as many rows until `limit` groups are certain or all allowed rows were seen.

    A group is certain when no row left out of any row set's list can score above it: one whose list is full
    of one product says nothing yet about the products below.
    """
    least = -np.inf if query.min_score is None else query.min_score
    want = query.limit * ROWS_PER_GROUP[query.group_by]
    while True:
        lists = [(row_set, ranking.best(want)) for row_set, ranking in rankings]
        floor = max((best.floor for _, best in lists), default=-np.inf)
        groups: dict[str, Candidate] = {}
        for candidate in sorted(_candidates(lists, max(floor, least)), key=lambda candidate: candidate.rank):
            groups.setdefault(candidate.group(query.group_by), candidate)
        if len(groups) >= query.limit or floor <= least:
            return [candidate.hit() for candidate in list(groups.values())[: query.limit]]
        want *= 2


def _candidates(lists: Sequence[tuple[RowSet, Best]], least: float) -> Iterator[Candidate]:
    for row_set, best in lists:
        count = int(np.count_nonzero(best.scores >= least))
        for row, score in zip(best.rows[:count].tolist(), best.scores[:count].tolist(), strict=True):
            yield Candidate(
                (-score, row_set.products[row], row_set.images[row], int(row_set.items[row])), row_set, row
            )
