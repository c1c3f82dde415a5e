"""From a picture's bytes to the floats that a torch network is given: the same in training and serving."""

from __future__ import annotations

import torch
from torch import nn

from workers.models.preprocessing.preprocess import Preprocess


class Normalise(nn.Module):
    """(n, crop, crop, 3) uint8 RGB -> (n, 3, crop, crop) float32 of mean 0 and deviation 1, channels-last."""

    mean: torch.Tensor  # (1, 3, 1, 1), on the scale of bytes, as `std`
    std: torch.Tensor

    def __init__(self, preprocess: Preprocess) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(preprocess.mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(preprocess.std).view(1, 3, 1, 1) * 255)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        # A view of interleaved pixels as (n, 3, crop, crop) is channels-last already; arithmetic keeps that.
        return (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
