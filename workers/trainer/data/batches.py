"""From draws to batches on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader

from workers.models.engines.normalise import Normalise
from workers.trainer.data.pictures import Draw, Pictures


@dataclass(frozen=True, eq=False)
class Batch:
    """`inputs` are (n, 3, crop, crop) float32 or activations; `labels` and `groups` are (n,) int64."""

    inputs: torch.Tensor
    labels: torch.Tensor
    groups: torch.Tensor


def decoded(
    pictures: Pictures, draws: Sequence[Draw], *, size: int, device: str, loaders: int, whole: bool
) -> Iterator[Batch]:
    """In the order of the draws; with `whole` a last batch of fewer is left out, unless it is the only one.

    `loaders` processes decode; 0 decodes in this one.
    """
    loader = DataLoader(
        pictures,
        batch_size=size,
        sampler=draws,
        num_workers=loaders,
        drop_last=whole and len(draws) > size,
        pin_memory=device == "cuda",
        generator=torch.Generator(),  # the loader draws a seed of its own, which must not cost ours
    )
    normalise = Normalise(pictures.view.preprocess).to(device)
    for pixels, labels, groups in loader:
        yield Batch(
            normalise(pixels.to(device, non_blocking=True)),
            labels.to(device, non_blocking=True),
            groups.to(device, non_blocking=True),
        )
