"""The engine for torch networks: CPU, or CUDA with autocast and channels-last."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

from workers.models.engines.normalise import Normalise
from workers.models.engines.port import Raw
from workers.models.preprocessing.preprocess import Preprocess


class Divided(nn.Module):
    """Body and head as one: (n, 3, crop, crop) -> features (n, d), and logits (n, labels) if there is a head.

    What `body` gives goes to `head` as it is and through `pool` to the embedding.
    """

    def __init__(self, body: nn.Module, head: nn.Module | None, pool: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.pool = pool or nn.Identity()

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = self.body(batch)
        features = self.pool(given)
        return (features,) if self.head is None else (features, self.head(given))


class GeneralisedMean(nn.Module):
    """(n, d, h, w) -> (n, d): each channel's mean of the power `exponent`, and the root of that.

    After Radenovic, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation" (2018): 1 is
    the average, and the higher the nearer the maximum.
    """

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        # Zero has no root with a slope; so small a number is none either.
        powers = maps.clamp(min=1e-6).pow(self.exponent)
        pooled: torch.Tensor = powers.mean((2, 3)).pow(1 / self.exponent)
        return pooled


def _frozen(network: nn.Module, preprocess: Preprocess) -> nn.Module:
    """The network as one graph for a CPU, batch normalisation folded into the convolutions.

    MobileNetV2, batches of 8 on 2 cores: 38 ms instead of 71, and other threads run meanwhile: eager mode
    asks for the interpreter's lock before each of 150 operations. Vectors move by 2e-5 at most.
    """
    example = torch.zeros(2, 3, preprocess.crop, preprocess.crop).to(memory_format=torch.channels_last)
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of shapes it takes as constants: the crop is one, and the batch is not among them.
        warnings.simplefilter("ignore")
        frozen: nn.Module = torch.jit.freeze(torch.jit.trace(network.eval(), example, check_trace=False))
    return frozen


class TorchEngine:
    """`network` is in eval mode on `device`, its parameters channels-last."""

    name = "torch"

    def __init__(self, network: Divided, preprocess: Preprocess, device: str) -> None:
        self.device = device
        self._network = network if device == "cuda" else _frozen(network, preprocess)
        self._normalise = Normalise(preprocess).to(device)

    @torch.inference_mode()
    def load(self, pixels: np.ndarray) -> torch.Tensor:
        # The bytes travel to the device as they are, a quarter of what floats would be.
        there = torch.from_numpy(pixels).to(self.device)  # (n, crop, crop, 3) uint8
        batch: torch.Tensor = self._normalise(there)  # (n, 3, crop, crop) float32
        return batch

    @torch.inference_mode()
    def run(self, batch: torch.Tensor) -> Raw:
        with torch.autocast("cuda", dtype=torch.float16, enabled=self.device == "cuda"):
            features, *logits = self._network(batch)
        return Raw(features.float().cpu().numpy(), logits[0].float().cpu().numpy() if logits else None)
