"""Which parts of an image make its vector resemble another: each is covered in turn, and the cosine falls.

Occlusion sensitivity (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014), with
the cosine of two images in the place of a class's probability, as Stylianou, Souvenir and Pless ("Visualizing
deep similarity networks", 2019) explain a similarity. Like RISE (Petsiuk, Das and Saenko, 2018) it only
asks the model, so it holds for every network, every engine and the descriptor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

# Cells of a side. A patch is two cells wide, so that neighbours overlap by half, and covers 8 % of the image.
GRID: Final = 7
# A fall of the cosine below this is noise: vectors of the same pixels differ by up to 4e-5 as float16.
LEAST_FALL: Final = 1e-4


def covered_rows(pixels: np.ndarray) -> Iterator[list[np.ndarray]]:
    """For each row of the grid its GRID copies of `pixels`, each with one patch in the image's mean colour.

    `pixels` is (side, side, 3) uint8.
    """
    mean = pixels.reshape(-1, 3).mean(0).round().astype(np.uint8)
    spans = _spans(pixels.shape[0])
    for top, bottom in spans:
        row = []
        for left, right in spans:
            copy = pixels.copy()
            copy[top:bottom, left:right] = mean
            row.append(copy)
        yield row


def heat(before: np.ndarray, covered: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(GRID, GRID) float32, 0..1: how far the cosine with `other` fell, the hottest patch 1.

    `before` (dim,) is the image's vector, `covered` (GRID * GRID, dim) those of its copies in the order of
    `covered_rows`; all of unit length. All zero where no patch matters by itself.
    """
    falls = np.maximum(before @ other - covered @ other, 0).reshape(GRID, GRID).astype(np.float32)
    most = float(falls.max())
    return np.zeros_like(falls) if most < LEAST_FALL else falls / most


def _spans(side: int) -> list[tuple[int, int]]:
    """First and last pixel of each patch along one side: two cells around a cell's middle."""
    cell = side / GRID
    middles = [(number + 0.5) * cell for number in range(GRID)]
    return [(max(0, round(m - cell)), min(side, round(m + cell))) for m in middles]
