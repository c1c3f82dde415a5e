"""Networks of our own, for pictures of 28 x 28."""

from __future__ import annotations

import torch
from torch import nn

from workers.models.preprocess import Preprocess
from workers.trainer.networks.network import Flat

# Mean and deviation of MNIST's training pixels; every network is given three channels, here equal ones.
DIGITS = Preprocess(
    resize=28,
    crop=28,
    interpolation="bilinear",
    fit="squash",
    mean=(0.1307, 0.1307, 0.1307),
    std=(0.3081, 0.3081, 0.3081),
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


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
