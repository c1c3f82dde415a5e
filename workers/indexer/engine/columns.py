"""Filter columns of a head or a sealed segment: which rows live, and what filters ask about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from shared.catalog.filters import Columns, Filters
from workers.indexer.engine.cow import BLOCK_ROWS, Blocks, CowColumn
from workers.indexer.engine.vocabulary import EncodedColumns, Vocabularies

TYPES: dict[str, type[np.generic]] = {
    "category": np.int32,
    "brand": np.int32,
    "color": np.int32,
    "labels": np.int32,
    "availability": np.int32,
    "currency": np.int32,
    "price": np.float64,
    "rating": np.float64,
}
NAMES = tuple(TYPES)

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ColumnTest:
    """One condition of a filter, over one column."""

    column: int  # position in NAMES
    passes: Callable[[NDArray[Any]], Mask]


def compile_filters(filters: Filters, words: Vocabularies) -> tuple[ColumnTest, ...]:
    """The conditions that `Filters.allow` states, over encoded columns. NaN fails every comparison."""
    tests: list[ColumnTest] = []
    for name in ("category", "brand", "color", "availability"):
        if wanted := getattr(filters, name):
            tests.append(_any_of(name, getattr(words, name).codes(wanted)))
    if filters.labels:
        tests.append(_any_of("labels", words.labels.codes_with(filters.labels)))
    if filters.currency is not None:
        tests.append(_any_of("currency", words.currency.codes([filters.currency])))
    for name, low, high in (
        ("price", filters.price_min, filters.price_max),
        ("rating", filters.rating_min, filters.rating_max),
    ):
        if low is not None:
            tests.append(_at_least(name, low))
        if high is not None:
            tests.append(_at_most(name, high))
    return tuple(tests)


@dataclass(frozen=True)
class ColumnsView:
    """What a reader sees: the first `rows` rows of the blocks, `dead` of which are no more."""

    rows: int
    dead: int
    alive: Blocks
    columns: tuple[Blocks, ...]

    def allowed(self, tests: Sequence[ColumnTest]) -> Mask:
        """(rows,): alive and passing every test."""
        mask = np.empty(self.rows, dtype=np.bool_)
        for number, start in enumerate(range(0, self.rows, BLOCK_ROWS)):
            stop = min(start + BLOCK_ROWS, self.rows)
            passing = self.alive[number][: stop - start]
            for test in tests:
                passing = passing & test.passes(self.columns[test.column][number][: stop - start])
            mask[start:stop] = passing
        return mask

    def read(self, row: int, words: Vocabularies) -> Columns:
        number, offset = divmod(row, BLOCK_ROWS)
        encoded = tuple(blocks[number][offset].item() for blocks in self.columns)
        return words.decode(cast(EncodedColumns, encoded))


class FilterColumns:
    """The writer's side."""

    def __init__(self) -> None:
        self.rows = 0
        self._dead = 0
        self._alive = CowColumn(np.bool_)
        self._columns = tuple(CowColumn(dtype) for dtype in TYPES.values())

    def append(self, encoded: Sequence[EncodedColumns], alive: Mask | None = None) -> None:
        """Rows are born alive unless `alive` (n,) says otherwise."""
        living = np.ones(len(encoded), dtype=np.bool_) if alive is None else alive
        self._alive.append(living)
        for position, (column, dtype) in enumerate(zip(self._columns, TYPES.values(), strict=True)):
            column.append(np.array([values[position] for values in encoded], dtype=dtype))
        self.rows += len(encoded)
        self._dead += len(encoded) - int(np.count_nonzero(living))

    def write(self, row: int, encoded: EncodedColumns) -> None:
        for column, value in zip(self._columns, encoded, strict=True):
            column[row] = value

    def kill(self, row: int) -> None:
        if self._alive[row]:
            self._alive[row] = False
            self._dead += 1

    def freeze(self) -> ColumnsView:
        columns = tuple(column.freeze() for column in self._columns)
        return ColumnsView(self.rows, self._dead, self._alive.freeze(), columns)


def _any_of(name: str, codes: list[int]) -> ColumnTest:
    def passes(column: NDArray[Any]) -> Mask:
        if len(codes) == 1:
            return cast(Mask, column == codes[0])  # 10 times as fast as isin
        return np.isin(column, codes)

    return ColumnTest(NAMES.index(name), passes)


def _at_least(name: str, low: float) -> ColumnTest:
    return ColumnTest(NAMES.index(name), lambda column: column >= low)


def _at_most(name: str, high: float) -> ColumnTest:
    return ColumnTest(NAMES.index(name), lambda column: column <= high)
