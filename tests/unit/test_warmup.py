"""The import batch: chosen from measured rates, on a clock that the model moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from workers.models.fake import FakeModel
from workers.vision.batching.warmup import choose_import_batch

# MobileNetV2 on two cores: at its best with 8 images, far slower with 64.
MOBILENET_ON_CPU = {1: 0.035, 2: 0.055, 4: 0.075, 8: 0.127, 16: 0.30, 32: 0.9, 64: 2.3}


class Timed(FakeModel):
    """`warmup` takes as long as `cost` says, on a clock of its own; the very first run 5 s more."""

    def __init__(self, cost: Callable[[int], float]) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.now = 0.0
        self._cost = cost

    def warmup(self, sizes: Sequence[int]) -> None:
        for size in sizes:
            self.now += self._cost(size) + (0 if self.sizes else 5.0)
            self.sizes.append(size)

    def clock(self) -> float:
        return self.now


def _chosen(model: Timed, *, on_gpu: bool) -> int:
    return choose_import_batch(model, on_gpu=on_gpu, clock=model.clock)


def test_on_a_cpu_the_smallest_size_near_the_best_rate_is_chosen() -> None:
    assert _chosen(Timed(MOBILENET_ON_CPU.__getitem__), on_gpu=False) == 8


def test_on_a_cpu_whose_rate_does_not_grow_imports_go_one_by_one() -> None:
    assert _chosen(Timed(lambda n: 0.002 * n), on_gpu=False) == 1


def test_on_a_cpu_larger_sizes_are_not_tried_once_the_rate_falls() -> None:
    """Sixty-four images would hold up the start for seconds."""
    model = Timed(MOBILENET_ON_CPU.__getitem__)

    _chosen(model, on_gpu=False)

    assert max(model.sizes) == 32


def test_on_a_cpu_no_size_beyond_three_seconds_is_tried() -> None:
    model = Timed(lambda n: 2.0 + 0.2 * n)

    _chosen(model, on_gpu=False)

    assert max(model.sizes) == 8


@pytest.mark.parametrize(("cost", "size"), [(0.001, 32), (0.0001, 64), (0.2, 1)])
def test_on_a_gpu_the_largest_size_under_fifty_milliseconds_is_chosen(cost: float, size: int) -> None:
    """Even where one image takes longer imports must go on, one by one."""
    assert _chosen(Timed(lambda n: cost * n), on_gpu=True) == size


def test_the_first_run_of_a_model_is_not_counted() -> None:
    """It loads kernels; here it takes 5 s, and a batch of one would never be chosen."""
    assert _chosen(Timed(lambda n: 0.002 * n), on_gpu=True) == 16


def test_a_model_that_takes_no_time_can_be_measured() -> None:
    assert _chosen(Timed(lambda _: 0.0), on_gpu=False) == 64
