"""A sealed segment of a shard: rows that lie in files, and what leads to the best of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vectors.codec import Rows
from workers.indexer.engine.columns import FilterColumns, Mask
from workers.indexer.engine.ivf import IvfIndex, IvfRanking
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import ShardQuery
from workers.indexer.engine.ranking import ExactRanking, Ranking
from workers.indexer.engine.record import SegmentRecord
from workers.indexer.engine.texts import PackedTexts


class Segment:
    """A RowSet. `stored`: (n, dim) float16, memory-mapped. `ids`: the same rows without their vectors.

    Without an index the vectors are held once more, as float32, for one matrix product per search.
    """

    def __init__(
        self,
        record: SegmentRecord,
        stored: NDArray[np.float16],
        ids: Rows,
        columns: FilterColumns,
        index: IvfIndex | None,
        options: FaissOptions,
    ) -> None:
        self.record = record
        self.products = PackedTexts(ids.product_ids)
        self.images = PackedTexts(ids.image_ids)
        self.items: NDArray[np.int16] = ids.items
        self.boxes: NDArray[np.float32] = ids.boxes
        self.columns = columns
        self.index = index
        self.vectors: NDArray[Any] = stored if index else stored.astype(np.float32)
        self._scan_below = options.scan_below

    @property
    def bytes(self) -> int:
        """Vectors and index, in memory or mapped."""
        return self.vectors.nbytes + (self.index.bytes if self.index else 0)

    def ranking(self, rows: int, allowed: Mask | None, query: ShardQuery) -> Ranking:
        count = rows if allowed is None else int(np.count_nonzero(allowed))
        if self.index is None or query.exact or count <= self._scan_below:
            chosen = None if allowed is None else np.flatnonzero(allowed)
            return ExactRanking(self.vectors, chosen, query.vector)
        return IvfRanking(self.index, self.vectors, allowed, query.vector)
