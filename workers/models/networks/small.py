"""Networks of our own: two for pictures of 28 x 28, and one for the edge."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from workers.models.networks.blocks import Flat
from workers.models.preprocessing.preprocess import Preprocess

# Mean and deviation of MNIST's training pixels; every network is given three channels, here equal ones.
DIGITS = Preprocess(
    resize=28,
    crop=28,
    interpolation="bilinear",
    fit="squash",
    mean=(0.1307, 0.1307, 0.1307),
    std=(0.3081, 0.3081, 0.3081),
)

# The whole picture, as the descriptor sees it: a shop's photo has nothing to spare at its edges.
TINY = Preprocess(
    resize=96,
    crop=96,
    interpolation="bilinear",
    fit="squash",
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
)


class Grey(nn.Module):
    """(n, 3, h, w) -> (n, 1, h, w)"""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.mean(1, keepdim=True)


def classic() -> list[nn.Module]:
    """The textbook's: convolution of 32, pool, convolution of 64, pool, dense 64; the head classifies."""
    return [
        Grey(),
        nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),  # (n, 32, 13, 13)
        nn.Sequential(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),  # (n, 64, 5, 5)
        nn.Sequential(nn.Flatten(), nn.Linear(64 * 5 * 5, 64), nn.ReLU()),
    ]


def digits() -> list[nn.Module]:
    """Three pairs of convolutions, normalised, each pair halving the side; 0.4 million parameters."""
    widths = (32, 64, 128)
    blocks: list[nn.Module] = [Grey()]
    before = 1
    for width in widths:
        blocks.append(
            nn.Sequential(*_convolution(before, width), *_convolution(width, width), nn.MaxPool2d(2))
        )
        before = width
    return [*blocks, nn.Sequential(Flat(), nn.BatchNorm1d(before))]


def tiny() -> list[nn.Module]:
    """A residual network of four basic blocks, each halving the side; 1.8 million parameters."""
    widths = (24, 48, 96, 192, 256)
    stem = nn.Sequential(
        nn.Conv2d(3, widths[0], 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
    )
    return [stem, *(Halving(*pair) for pair in pairwise(widths)), Flat()]


class Halving(nn.Module):
    """He and others' basic block (CVPR 2016) with a stride of 2, its shortcut averaged (He, CVPR 2019).

    (n, inputs, h, w) -> (n, outputs, h / 2, w / 2)
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.residual(batch) + self.shortcut(batch))


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
