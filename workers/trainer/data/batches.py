"""From draws to batches on the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    whole = whole and len(draws) > size
    found = loaded(pictures, draws, size=size, loaders=loaders, whole=whole, pinned=device == "cuda")
    normalise = Normalise(pictures.view.preprocess).to(device)
    for pixels, labels, groups in found:
        yield Batch(
            normalise(pixels.to(device, non_blocking=True)),
            labels.to(device, non_blocking=True),
            groups.to(device, non_blocking=True),
        )


def loaded(
    pictures: Pictures,
    draws: Sequence[Draw],
    *,
    size: int,
    loaders: int,
    whole: bool = False,
    pinned: bool = False,
) -> Iterable[Sequence[torch.Tensor]]:
    """Pixels (n, crop, crop, 3) uint8, numbers of labels (n,) and of groups (n,), as they are drawn."""
    batches: Iterable[Sequence[torch.Tensor]] = DataLoader(
        pictures,
        batch_size=size,
        sampler=draws,
        num_workers=loaders,
        drop_last=whole,
        pin_memory=pinned,
        generator=torch.Generator(),  # the loader draws a seed of its own, which must not cost ours
    )
    return batches
