"""From metrics of good photos and of damaged ones to a threshold: as few rejected as the damage allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

# By one metric. All together should reject at most 1 %; only where damaged and good photos overlap, which one
# metric's do, does a threshold come near this.
REJECTED_AT_MOST: Final = 0.0025
CAUGHT_AT_LEAST: Final = 0.99  # a little over the aim of 95 %, as other photos are not these
MARGIN: Final = 0.1  # of the way from the damaged to the good: a photo in doubt passes


@dataclass(frozen=True)
class Gauge:
    """The metric that finds a damage; `sign` is 1 where the gate rejects what is below, -1 what is above."""

    metric: str
    sign: int
    damages: tuple[str, ...]
    without_white: bool = False  # a photo with white in it is judged by another threshold


GAUGES: Final = (
    Gauge("short_side", 1, ("tiny",)),
    Gauge("highlights", 1, ("dark",)),
    Gauge("clipped", -1, ("blown_out",)),
    Gauge("contrast", 1, ("flat",), without_white=True),
    Gauge("sharpness", 1, ("blurred", "moved")),
)


@dataclass(frozen=True)
class Threshold:
    """`reach` catches enough of the damaged in every folder, `limit` rejects few enough of the good."""

    value: float
    reach: float
    limit: float


def threshold(sign: int, good: Sequence[Sequence[float]], damaged: Sequence[Sequence[float]]) -> Threshold:
    """By the worst folder of `good` and the worst folder and damage of `damaged`.

    Where damaged and good photos overlap, good ones come first and the threshold stops at `limit`.
    """
    limit = min(_quantile(sign, values, REJECTED_AT_MOST) for values in good)
    reach = max(_quantile(sign, values, CAUGHT_AT_LEAST) for values in damaged)
    value = reach + MARGIN * (limit - reach) if reach < limit else limit
    return Threshold(sign * value, sign * reach, sign * limit)


def _quantile(sign: int, values: Sequence[float], share: float) -> float:
    return float(np.quantile(sign * np.asarray(values), share))
