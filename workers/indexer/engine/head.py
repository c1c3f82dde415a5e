"""The head of a shard: fresh rows, searched exactly, appended to while others read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vectors.codec import Rows
from workers.indexer.engine.columns import FilterColumns, Mask
from workers.indexer.engine.port import ShardQuery
from workers.indexer.engine.ranking import ExactRanking
from workers.indexer.engine.texts import GrowingTexts
from workers.indexer.engine.vocabulary import EncodedColumns

FIRST_ROWS = 256


class GrowingArray:
    """Rows of numbers in a preallocated array that doubles when full.

    A row once written keeps its value in whichever array stands here, so a reader that knows how many rows
    are valid for it may take the array at any time.
    """

    def __init__(self, width: tuple[int, ...], dtype: type[np.generic]) -> None:
        self.array: NDArray[Any] = np.empty((FIRST_ROWS, *width), dtype)
        self._rows = 0

    def append(self, values: NDArray[Any]) -> None:
        rows = self._rows + len(values)
        if rows > len(self.array):
            larger = np.empty((max(rows, 2 * len(self.array)), *self.array.shape[1:]), self.array.dtype)
            larger[: self._rows] = self.array[: self._rows]
            larger[self._rows : rows] = values
            self.array = larger
        else:
            self.array[self._rows : rows] = values
        self._rows = rows


class Head:
    """A RowSet. Its vectors are the float16 ones made wide once, so that a search is one matrix product.

    No FAISS index: `add` during a search crashes it, even a Flat one.
    """

    def __init__(self, dim: int) -> None:
        self.products = GrowingTexts()
        self.images = GrowingTexts()
        self.columns = FilterColumns()
        self._items = GrowingArray((), np.int16)
        self._boxes = GrowingArray((4,), np.float32)
        self._vectors = GrowingArray((dim,), np.float32)

    @property
    def items(self) -> NDArray[np.int16]:
        return self._items.array

    @property
    def boxes(self) -> NDArray[np.float32]:
        return self._boxes.array

    @property
    def vectors(self) -> NDArray[np.float32]:
        return self._vectors.array

    def append(self, rows: Rows, encoded: Sequence[EncodedColumns]) -> None:
        self.products.append(rows.product_ids)
        self.images.append(rows.image_ids)
        self._items.append(rows.items)
        self._boxes.append(rows.boxes)
        self._vectors.append(rows.vectors)
        self.columns.append(encoded)

    def ranking(self, rows: int, allowed: Mask | None, query: ShardQuery) -> ExactRanking:
        chosen = None if allowed is None else np.flatnonzero(allowed)
        return ExactRanking(self.vectors[:rows], chosen, query.vector)
