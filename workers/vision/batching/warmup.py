"""Which batch size imports use: measured once, before the worker is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from workers.models.port import Model

SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
# A search that comes during an import batch waits for it.
_GPU_LIMIT_S: Final = 0.05
_CPU_LIMIT_S: Final = 3.0
_GOOD_ENOUGH: Final = 0.9
# MobileNetV2 on 2 cores is at its best with 8 images and falls to less than half with 64.
_CLEARLY_SLOWER: Final = 0.75


def choose_import_batch(
    model: Model,
    sizes: Sequence[int] = SIZES,
    *,
    on_gpu: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """Warm the model with batches of the ascending `sizes` and choose one of them.

    On a GPU the largest that takes under 50 ms; on a CPU the smallest within 10 % of the best rate. Stops
    where batches take longer than a GPU's 50 ms or a CPU's 3 s, and on a CPU where the rate clearly falls.
    """
    seconds: dict[int, float] = {}
    for size in sizes:
        seconds[size] = _seconds(model, size, clock)
        if seconds[size] > (_GPU_LIMIT_S if on_gpu else _CPU_LIMIT_S):
            break
        if not on_gpu and size / seconds[size] < _CLEARLY_SLOWER * _best_rate(seconds):
            break
    if on_gpu:
        return max((size for size, taken in seconds.items() if taken < _GPU_LIMIT_S), default=min(sizes))
    enough = _GOOD_ENOUGH * _best_rate(seconds)
    return min(size for size, taken in seconds.items() if size / taken >= enough)


def _seconds(model: Model, size: int, clock: Callable[[], float]) -> float:
    """The better of two runs after one that is not counted: the first allocates and chooses kernels."""
    model.warmup([size])
    runs = []
    for _ in range(2):
        began = clock()
        model.warmup([size])
        runs.append(clock() - began)
    return max(min(runs), 1e-9)  # a fake model takes no time at all


def _best_rate(seconds: dict[int, float]) -> float:
    return max(size / taken for size, taken in seconds.items())
