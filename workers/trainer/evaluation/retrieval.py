"""Figures of ranked lists, for one kind of relevance: yes or no.

- average precision: Manning, Raghavan, Schütze, "Introduction to Information Retrieval" (2008), 8.4
- reciprocal rank: Voorhees, "The TREC-8 question answering track report" (1999)
- nDCG: Järvelin, Kekäläinen, "Cumulated gain-based evaluation" (TOIS 2002), gains 0 and 1, base 2
- R@k: as for embeddings since Oh Song and others, "Deep metric learning via lifted structured feature
  embedding" (CVPR 2016): whether one of k is right, not which share of the right ones is found
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

DEPTH: Final = 100


@dataclass(frozen=True)
class Ranking:
    """The answer to one query: of each rank whether it is right, and how many right ones there are in all.

    `first` is the number of the example that was found first, and its score, where that is known.
    """

    right: tuple[bool, ...]
    total: int
    first: tuple[int, float] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Retrieval:
    """Means over `queries` that have a right answer, 0..1; mAP and nDCG look at `depth` ranks."""

    queries: int
    depth: int
    r1: float
    r5: float
    r10: float
    map: float
    mrr: float
    ndcg: float


def retrieval(rankings: Iterable[Ranking], depth: int = DEPTH) -> Retrieval | None:
    """None where no query has a right answer: there is nothing to find."""
    asked = [ranking for ranking in rankings if ranking.total > 0]
    if not asked:
        return None

    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    return Retrieval(
        queries=len(asked),
        depth=depth,
        r1=mean(recall_at(r, 1) for r in asked),
        r5=mean(recall_at(r, 5) for r in asked),
        r10=mean(recall_at(r, 10) for r in asked),
        map=mean(average_precision(r, depth) for r in asked),
        mrr=mean(reciprocal_rank(r, depth) for r in asked),
        ndcg=mean(ndcg(r, depth) for r in asked),
    )


def recall_at(ranking: Ranking, k: int) -> float:
    """1 where one of the first k is right, else 0."""
    return float(any(ranking.right[:k]))


def average_precision(ranking: Ranking, depth: int) -> float:
    """The precision at each right answer's rank, summed, over min(right ones, depth)."""
    ranks = _ranks(ranking.right[:depth])
    return sum((n + 1) / rank for n, rank in enumerate(ranks)) / min(ranking.total, depth)


def reciprocal_rank(ranking: Ranking, depth: int) -> float:
    """One over the rank of the first right answer, 0 where there is none."""
    ranks = _ranks(ranking.right[:depth])
    return 1 / ranks[0] if ranks else 0.0


def ndcg(ranking: Ranking, depth: int) -> float:
    """Sum of 1 / log2(rank + 1) of right answers, over that of a perfect list."""
    gained = sum(1 / np.log2(rank + 1) for rank in _ranks(ranking.right[:depth]))
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(ranking.total, depth) + 1))
    return float(gained / ideal)


def _ranks(right: Sequence[bool]) -> list[int]:
    """Ranks of the right ones; rank starts at 1."""
    return [place + 1 for place, hit in enumerate(right) if hit]
