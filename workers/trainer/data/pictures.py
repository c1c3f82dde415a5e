"""Examples as torch wants them: by number, each draw random in its own, repeatable way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.utils.data import Dataset

from workers.trainer.data.augment import View
from workers.trainer.data.example import Example
from workers.trainer.data.picture import open_picture
from workers.trainer.seeds import seed_of


@dataclass(frozen=True)
class Draw:
    """Example number `index`, drawn at `place` of round `round`: these three and the seed fix its view."""

    index: int
    place: int
    round: int


# Pixels (crop, crop, 3) uint8, the number of the label and that of the group.
Item = tuple[torch.Tensor, int, int]


class Pictures(Dataset[Item]):
    """`labels` gives the numbers of labels; groups are numbered as they come."""

    def __init__(self, examples: Sequence[Example], labels: Sequence[str], view: View, seed: int) -> None:
        self.view = view
        self._examples = examples
        self._seed = seed
        number = {label: n for n, label in enumerate(labels)}
        self.label_numbers = [number[example.label] for example in examples]
        groups: dict[str, int] = {}
        self.group_numbers = [groups.setdefault(example.group, len(groups)) for example in examples]

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, draw: Draw) -> Item:
        spec = self.view.preprocess
        picture = open_picture(self._examples[draw.index], max(spec.resize, spec.crop))
        if self.view.is_random:
            # Worker processes and a resumed training must see what an undivided run sees.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed_of(self._seed, "view", draw.round, draw.place, draw.index))
                pixels = self.view(picture)
        else:
            pixels = self.view(picture)
        return torch.from_numpy(pixels), self.label_numbers[draw.index], self.group_numbers[draw.index]
