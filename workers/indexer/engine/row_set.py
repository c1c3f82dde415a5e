"""A set of rows of a shard, its head or one sealed segment, and what a reader sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workers.indexer.engine.columns import ColumnsView, ColumnTest, FilterColumns, Mask
from workers.indexer.engine.port import ShardQuery
from workers.indexer.engine.ranking import Ranking
from workers.indexer.engine.texts import Texts


class RowSet(Protocol):
    """Rows are numbered from 0 and never change, but for their columns."""

    @property
    def products(self) -> Texts: ...

    @property
    def images(self) -> Texts: ...

    @property
    def items(self) -> NDArray[np.int16]: ...

    @property
    def boxes(self) -> NDArray[np.float32]: ...

    @property
    def vectors(self) -> NDArray[Any]: ...

    @property
    def columns(self) -> FilterColumns:
        """The writer's; readers use those of their RowSetView."""

    def ranking(self, rows: int, allowed: Mask | None, query: ShardQuery) -> Ranking:
        """Over the first `rows` rows; over those of them that are `allowed`, where a mask is given."""


@dataclass(frozen=True)
class RowSetView:
    """Immutable: a set of rows and its columns as they were when the view was published."""

    row_set: RowSet
    columns: ColumnsView

    @property
    def live(self) -> int:
        return self.columns.rows - self.columns.dead

    def live_rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.columns.allowed(()))

    def ranking(self, tests: Sequence[ColumnTest], query: ShardQuery) -> Ranking | None:
        """None where no row is allowed."""
        rows = self.columns.rows
        excluded = [
            row
            for row in (
                *self.row_set.products.find(query.exclude_products),
                *self.row_set.images.find(query.exclude_images),
            )
            if row < rows
        ]
        if not (tests or excluded or self.columns.dead):
            return self.row_set.ranking(rows, None, query) if rows else None
        allowed = self.columns.allowed(tests)
        allowed[excluded] = False
        return self.row_set.ranking(rows, allowed, query) if allowed.any() else None
