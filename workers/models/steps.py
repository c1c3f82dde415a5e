"""The steps of a model in a row, for those who need no batcher."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.models.port import TOP, Embedded, Model


def embed(model: Model, images: Sequence[np.ndarray], top: int = TOP) -> list[Embedded]:
    """n images of (crop, crop, 3) uint8 RGB -> n results, each with the `top` likeliest labels."""
    results = model.post(model.core(model.pre(images)), top)
    if len(results) != len(images):
        raise ValueError(f"{model.name} answered {len(results)} of {len(images)} images")
    return results


def warm(model: Model, sizes: Sequence[int]) -> None:
    """A model's `warmup`: mid-grey images through all steps."""
    crop = model.preprocess.crop
    for size in sizes:
        embed(model, [np.full((crop, crop, 3), 128, np.uint8)] * size)
