"""In which order examples are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pytorch_metric_learning.samplers import MPerClassSampler
from pytorch_metric_learning.utils import common_functions

from shared.errors import InvalidRequest
from workers.trainer.data.pictures import Draw
from workers.trainer.seeds import seed_of


def in_order(count: int) -> list[Draw]:
    """Each once, for evaluation."""
    return [Draw(n, n, 0) for n in range(count)]


def shuffled(count: int, seed: int, round: int) -> list[Draw]:
    """Each once, in random order."""
    generator = torch.Generator().manual_seed(seed_of(seed, "order", round))
    order = torch.randperm(count, generator=generator).tolist()
    return [Draw(index, place, round) for place, index in enumerate(order)]


def per_class(classes: Sequence[int], each: int, batch: int, seed: int, round: int) -> list[Draw]:
    """PK sampling: every batch holds `each` examples of `batch / each` classes, as many draws as examples.

    A class of fewer is drawn several times. Raises InvalidRequest where that cannot be.
    """
    kinds = len(set(classes))
    if batch % each or batch // each > kinds or batch > len(classes):
        raise InvalidRequest(
            f"a batch of {batch} cannot be made of {each} pictures of each of {batch / each:g} classes: "
            f"there are {kinds} classes and {len(classes)} pictures"
        )
    # The library draws from a module's variable; a generator of our own stands there while it does.
    before = common_functions.NUMPY_RANDOM
    common_functions.NUMPY_RANDOM = np.random.RandomState(seed_of(seed, "classes", round) % 2**32)
    try:
        sampler = MPerClassSampler(
            np.asarray(classes), m=each, batch_size=batch, length_before_new_iter=len(classes)
        )
        order = [int(index) for index in sampler]
    finally:
        common_functions.NUMPY_RANDOM = before
    return [Draw(index, place, round) for place, index in enumerate(order)]
