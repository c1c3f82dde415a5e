"""What a network says of pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workers.models.networks.blocks import BlockNetwork
from workers.trainer.data.batches import Batch


@dataclass(frozen=True, eq=False)
class Predictions:
    """`probabilities` (n, classes) and `embeddings` (n, dim) of unit length, float32; numbers (n,).

    A network without a classifier has no classes, and neither accuracy nor loss.
    """

    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def classified(self) -> bool:
        return bool(self.probabilities.size)

    @property
    def accuracy(self) -> float:
        return float((self.probabilities.argmax(1) == self.labels).mean())

    @property
    def loss(self) -> float:
        """Mean of -log of the right class's probability."""
        right = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())


def predict(network: BlockNetwork, found: Iterable[Batch], start: int = 0) -> Predictions:
    """In the order of the batches, which block `start` takes; there is one picture at least."""
    network.eval()
    columns = [_say(network, batch, start) for batch in found]
    chances, embeddings, labels, groups = (torch.cat(column).numpy() for column in zip(*columns, strict=True))
    return Predictions(chances, embeddings, labels, groups)


@torch.no_grad()
def _say(network: BlockNetwork, batch: Batch, start: int) -> tuple[torch.Tensor, ...]:
    device = batch.inputs.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
        embeddings, logits = network.tail(batch.inputs, start)
    chances = logits.float().softmax(1)
    return chances.cpu(), embeddings.cpu(), batch.labels.cpu(), batch.groups.cpu()
