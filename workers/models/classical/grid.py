"""The grid on which local features are measured: 4-pixel cells of a 128-pixel square."""

from __future__ import annotations

from typing import Final

import numpy as np

SIDE: Final = 128
CELL: Final = 4
CELLS: Final = SIDE // CELL
# A place is a window of four blocks (2 x 2), each of 2 x 2 cells: 16 pixels wide, one every cell.
PLACES: Final = CELLS - 3
# The two middle cells of a window begin one cell after it.
_MIDDLE: Final = slice(1, 1 + PLACES)


def cell_means(planes: np.ndarray) -> np.ndarray:
    """(..., s, s) float32, s a multiple of CELLS -> (..., CELLS, CELLS): means over square cells."""
    side = planes.shape[-1]
    # Two small matrix products are several times as fast as a mean over a reshaped view.
    averaging = np.kron(np.eye(CELLS, dtype=np.float32), np.full(side // CELLS, CELLS / side, np.float32))
    means: np.ndarray = averaging @ planes @ averaging.T
    return means


def blocks(cells: np.ndarray) -> np.ndarray:
    """(..., CELLS, CELLS) -> (..., CELLS - 1, CELLS - 1): means over 2 x 2 neighbouring cells."""
    rows = cells[..., 1:, :] + cells[..., :-1, :]
    means: np.ndarray = (rows[..., 1:] + rows[..., :-1]) / 4
    return means


def middle(cells: np.ndarray) -> np.ndarray:
    """(..., CELLS, CELLS) -> (..., PLACES, PLACES): what lies in the middle block of each place."""
    return blocks(cells)[..., _MIDDLE, _MIDDLE]


def place_coordinates() -> tuple[np.ndarray, np.ndarray]:
    """y and x of the places' centres, each (PLACES, PLACES) float32 in -1..1."""
    centres = ((np.arange(PLACES, dtype=np.float32) + 0.5) / PLACES) * 2 - 1
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return y, x
