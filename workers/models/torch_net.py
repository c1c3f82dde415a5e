"""The engine for torch networks: CPU, or CUDA with autocast and channels-last."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from workers.models.port import Embedded
from workers.models.preprocess import Preprocess, check_images
from workers.models.steps import warm

# Features and logits of one batch: (n, dim) and (n, labels).
Raw = tuple[torch.Tensor, torch.Tensor]


class _Network(nn.Module):
    """Body and head as one."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def forward(self, batch: torch.Tensor) -> Raw:
        features = self.body(batch)
        return features, self.head(features)


def _frozen(network: _Network, preprocess: Preprocess) -> nn.Module:
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


class TorchNet:
    """`body` makes pooled features, `head` the classifier's logits of them; both in eval mode on `device`."""

    def __init__(
        self,
        *,
        name: str,
        dim: int,
        preprocess: Preprocess,
        labels: tuple[str, ...],
        fingerprint: str,
        body: nn.Module,
        head: nn.Module,
        device: str,
    ) -> None:
        self.name = name
        self.dim = dim
        self.preprocess = preprocess
        self.labels = labels
        self.fingerprint = fingerprint
        self.device = device
        self._network = (
            _Network(body, head) if device == "cuda" else _frozen(_Network(body, head), preprocess)
        )
        self._mean = torch.tensor(preprocess.mean, device=device).view(1, 3, 1, 1) * 255
        self._std = torch.tensor(preprocess.std, device=device).view(1, 3, 1, 1) * 255

    @torch.inference_mode()
    def pre(self, images: Sequence[np.ndarray]) -> torch.Tensor:
        check_images(images, self.preprocess)
        # The bytes travel to the device as they are, a quarter of what floats would be.
        pixels = torch.from_numpy(np.stack(images)).to(self.device)  # (n, crop, crop, 3) uint8
        # A view of interleaved pixels as (n, 3, crop, crop) is channels-last already; arithmetic keeps that.
        return (pixels.permute(0, 3, 1, 2).float() - self._mean) / self._std  # (n, 3, crop, crop) float32

    @torch.inference_mode()
    def core(self, batch: torch.Tensor) -> Raw:
        with torch.autocast("cuda", dtype=torch.float16, enabled=self.device == "cuda"):
            features, logits = self._network(batch)
            return features, logits

    @torch.inference_mode()
    def post(self, raw: Raw) -> list[Embedded]:
        features, logits = raw
        assert features.shape[1:] == (self.dim,), features.shape
        assert logits.shape == (len(features), len(self.labels)), logits.shape
        vectors = nn.functional.normalize(features.float()).cpu().numpy()  # (n, dim) float32, unit length
        best = logits.float().softmax(1).max(1)
        scores, choices = best.values.tolist(), best.indices.tolist()
        return [
            Embedded(vector, self.labels[choice], score)
            for vector, choice, score in zip(vectors, choices, scores, strict=True)
        ]

    def warmup(self, sizes: Sequence[int]) -> None:
        warm(self, sizes)
