"""Every picture asked for among all others: the rankings that embeddings give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.trainer.evaluation.retrieval import DEPTH, Ranking

_BLOCK: Final = 512  # queries at once: 512 x 10,000 scores are 20 MB


@dataclass(frozen=True, eq=False)
class Gallery:
    """`vectors` (n, dim) of unit length; `labels`, `products` and `copies` (n,) number what is the same.

    Pictures with the same number in `copies` are the same bytes: none is looked for with another.
    """

    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]
    products: NDArray[np.int64]
    copies: NDArray[np.int64]


def by_product(gallery: Gallery, depth: int = DEPTH) -> Iterator[Ranking]:
    """Right is another photo of the same product."""
    return _rankings(gallery, gallery.products, (gallery.copies,), depth)


def by_category(gallery: Gallery, depth: int = DEPTH) -> Iterator[Ranking]:
    """Right is another product of the same category: photos of the query's own are left out, and copies."""
    return _rankings(gallery, gallery.labels, (gallery.products, gallery.copies), depth)


def _best(scores: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """(queries, depth) places of the highest scores, highest first; sorted are only those."""
    if scores.shape[1] <= depth:
        return np.argsort(-scores, axis=1, kind="stable")
    found = np.sort(np.argpartition(-scores, depth, axis=1)[:, :depth], axis=1)
    order = np.argsort(-np.take_along_axis(scores, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)


def _rankings(
    gallery: Gallery, same: NDArray[np.int64], hidden: tuple[NDArray[np.int64], ...], depth: int
) -> Iterator[Ranking]:
    """Ranked by cosine, of equals the earlier first; each of `hidden` numbers what a query does not see."""
    vectors = gallery.vectors
    for first in range(0, len(vectors), _BLOCK):
        block = slice(first, first + _BLOCK)
        scores = vectors[block] @ vectors.T  # (queries, n)
        seen = np.all([each[block, None] != each[None, :] for each in hidden], axis=0)
        right = seen & (same[block, None] == same[None, :])
        scores[~seen] = -np.inf
        order = _best(scores, depth)
        for row, places in enumerate(order):
            visible = places[seen[row, places]]
            best = (int(visible[0]), float(scores[row, visible[0]])) if len(visible) else None
            yield Ranking(tuple(right[row, visible].tolist()), int(right[row].sum()), best)
