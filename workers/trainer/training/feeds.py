"""What a network is given in an epoch: pictures, or what its frozen blocks made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from workers.trainer.data.batches import Batch, decoded
from workers.trainer.data.pictures import Draw, Pictures
from workers.trainer.data.sampling import in_order, per_class, shuffled
from workers.trainer.hardware import Hardware
from workers.trainer.recipes.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Feed:
    """Batches for block `start` of a network.

    `kept` has one tensor (n, ...) float16 of activations for each view; it is empty where pictures are
    decoded each time, and `start` is 0 then.
    """

    pictures: Pictures
    recipe: Recipe
    hardware: Hardware
    start: int = 0
    kept: tuple[torch.Tensor, ...] = ()

    def steps(self) -> int:
        """Batches of an epoch: a last one of fewer pictures is left out."""
        return max(1, len(self.pictures) // self.recipe.batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """To learn from, in the random order of epoch `number`."""
        recipe, pictures = self.recipe, self.pictures
        if recipe.per_class == 0:
            draws = shuffled(len(pictures), recipe.seed, number)
        else:
            classes = pictures.group_numbers if recipe.metric_target == "group" else pictures.label_numbers
            draws = per_class(classes, recipe.per_class, recipe.batch, recipe.seed, number)
        return self.batches(draws, number, whole=True)

    def everything(self) -> Iterator[Batch]:
        """Each picture once, in order."""
        return self.batches(in_order(len(self.pictures)), 0, whole=False)

    def batches(self, draws: Sequence[Draw], number: int, *, whole: bool) -> Iterator[Batch]:
        """Of these draws, from view or epoch `number`; with `whole` no last batch of fewer."""
        size, device = self.recipe.batch, self.hardware.device
        if not self.kept:
            loaders = self.hardware.loaders
            yield from decoded(self.pictures, draws, size=size, device=device, loaders=loaders, whole=whole)
            return
        view = self.kept[number % len(self.kept)]
        for first in range(0, self.steps() * size if whole else len(draws), size):
            indices = [draw.index for draw in draws[first : first + size]]
            yield Batch(
                view[indices].to(device).float(),
                torch.tensor([self.pictures.label_numbers[n] for n in indices], device=device),
                torch.tensor([self.pictures.group_numbers[n] for n in indices], device=device),
            )
