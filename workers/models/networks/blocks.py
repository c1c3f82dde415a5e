"""A network in blocks, with one head that gives both an embedding and, if asked to, class logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

# Embedding (n, dim), unit length, and logits (n, classes); (n, 0) without a classifier.
Output = tuple[torch.Tensor, torch.Tensor]


class BlockNetwork(nn.Module):
    """`blocks` in a row end with (n, features); `projection` makes the embedding of them, or leaves them.

    The classifier stands on the projection, before it is scaled to unit length: what an engine serves is
    `blocks` and `projection` as the body, `classifier` as the head. With no `classes` there is none.
    """

    def __init__(
        self, blocks: Sequence[nn.Module], *, features: int, classes: int, dim: int | None, dropout: float
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.projection = nn.Identity() if dim is None else nn.Linear(features, dim)
        self.dropout = nn.Dropout(dropout)
        self.dim = features if dim is None else dim
        self.classifier = nn.Linear(self.dim, classes) if classes else None

    def forward(self, batch: torch.Tensor) -> Output:
        return self.tail(batch, 0)

    def tail(self, activations: torch.Tensor, start: int) -> Output:
        """From what block `start` is given."""
        embedded = self.projection(self.blocks[start:](activations))  # (n, dim)
        unit = nn.functional.normalize(embedded.float())
        if self.classifier is None:
            return unit, embedded.new_empty((len(embedded), 0))
        return unit, self.classifier(self.dropout(embedded))

    def body(self) -> nn.Module:
        """(n, 3, crop, crop) -> (n, dim), not of unit length."""
        return nn.Sequential(self.blocks, self.projection)


class Flat(nn.Sequential):
    """Average pooling, where features are a map, and flattening."""

    def __init__(self) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten())
