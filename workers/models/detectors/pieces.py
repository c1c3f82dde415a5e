"""Connected pieces of a mask, by runs: He and others, "A run-based two-scan labeling algorithm" (2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Piece:
    """Pixels that touch each other, corners included. `right` and `bottom` are outside of it."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)


def pieces(mask: np.ndarray) -> list[Piece]:
    """(h, w) bool -> its pieces, in the order of their first rows."""
    parent: list[int] = []
    runs: list[tuple[int, int, int]] = []  # row, first column, column behind the last
    above: list[int] = []
    for row in range(len(mask)):
        here = []
        for start, stop in _runs(mask[row]):
            number = len(runs)
            runs.append((row, start, stop))
            parent.append(number)
            for other in above:
                if runs[other][1] <= stop and start <= runs[other][2]:
                    parent[_root(parent, other)] = _root(parent, number)
            here.append(number)
        above = here
    found: dict[int, Piece] = {}
    for number, (row, start, stop) in enumerate(runs):
        piece = found.setdefault(_root(parent, number), Piece(start, row, stop, row + 1, 0))
        piece.left, piece.right = min(piece.left, start), max(piece.right, stop)
        piece.bottom = row + 1
        piece.pixels += stop - start
    return list(found.values())


def _runs(row: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
