"""One value per row, copy-on-write in blocks, so that a view costs a tuple of references."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# A changed price copies one block of 512 KiB. Whole columns would copy 8 MiB per million rows and change.
BLOCK_ROWS = 65_536

Blocks = tuple[NDArray[Any], ...]


class CowColumn:
    """The writer's side of a column; readers hold what `freeze` gave them."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = dtype
        self._rows = 0
        self._blocks: list[NDArray[Any]] = []
        self._own: set[int] = set()  # blocks that no view holds

    def append(self, values: NDArray[Any]) -> None:
        """New rows lie beyond what any view reads, so a block that views hold takes them without a copy."""
        start = 0
        while start < len(values):
            number, offset = divmod(self._rows, BLOCK_ROWS)
            if number == len(self._blocks):
                self._blocks.append(np.empty(BLOCK_ROWS, self._dtype))
                self._own.add(number)
            step = min(len(values) - start, BLOCK_ROWS - offset)
            self._blocks[number][offset : offset + step] = values[start : start + step]
            self._rows += step
            start += step

    def __getitem__(self, row: int) -> Any:
        return self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS].item()

    def __setitem__(self, row: int, value: Any) -> None:
        number, offset = divmod(row, BLOCK_ROWS)
        old = self._blocks[number][offset]
        if old == value or (old != old and value != value):  # NaN stays NaN
            return
        if number not in self._own:
            self._copy(number)
        self._blocks[number][offset] = value

    def freeze(self) -> Blocks:
        self._own.clear()
        return tuple(self._blocks)

    def _copy(self, number: int) -> None:
        used = min(self._rows - number * BLOCK_ROWS, BLOCK_ROWS)
        copy = np.empty(BLOCK_ROWS, self._dtype)
        copy[:used] = self._blocks[number][:used]
        self._blocks[number] = copy
        self._own.add(number)
