"""Digits as CSV: a label and the pixels of a square, row by row, 0..255."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from shared.errors import InvalidRequest
from workers.trainer.data.digits import examples_of
from workers.trainer.data.example import Example
from workers.trainer.data.parts import Parts, make_parts
from workers.trainer.data.split import Shares, split

_NUMBERS: Final = frozenset("-0123456789")


def read_pixel_csv(
    train: Path, test: Path | None = None, *, shares: Shares | None = None, seed: int = 0
) -> Parts:
    """One file, or one for training and one for the test; a header line may stand first.

    Raises InvalidRequest for a file that is no such table.
    """
    shares = shares or Shares()
    if test is None:
        return make_parts(*split(_examples(train), shares, seed))
    learnt, validated, _ = split(_examples(train), Shares(shares.validation, 0), seed)
    return make_parts(learnt, validated, _examples(test))


def _examples(path: Path) -> list[Example]:
    try:
        with path.open(encoding="utf-8") as file:
            has_header = file.read(1) not in _NUMBERS
        table = np.loadtxt(
            path, dtype=np.int64, delimiter=",", skiprows=int(has_header), ndmin=2, encoding="utf-8"
        )
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{path} is no table of a label and pixels: {error}") from error
    if not table.size:
        raise InvalidRequest(f"{path} has no line of a label and pixels")
    labels, pixels = table[:, 0], table[:, 1:]
    side = math.isqrt(pixels.shape[1])
    if side == 0 or side * side != pixels.shape[1]:
        raise InvalidRequest(f"{path}: {pixels.shape[1]} pixels a line are no square")
    if labels.min() < 0 or pixels.min() < 0 or pixels.max() > 255:
        raise InvalidRequest(f"{path}: labels count from 0 and pixels lie in 0..255")
    return examples_of(pixels.astype(np.uint8).reshape(-1, side, side), labels, path.stem)
