"""What is made small: cross-entropy with label smoothing, a metric loss, or their sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from pytorch_metric_learning import losses
from torch import nn

from workers.models.networks.blocks import Output
from workers.trainer.data.batches import Batch
from workers.trainer.recipes.recipe import Recipe

# (classes, dim) -> a loss of embeddings and class numbers, with one learnt vector a class.
#
# - softmax: cosine to a proxy of each class, temperature .05 (Zhai and Wu, BMVC 2019)
# - arcface: the same with an angular margin (Deng and others, CVPR 2019); 0.3 rad and scale 32, gentler than
#   the paper's 0.5 and 64, which are for faces by the million
# - proxy_anchor: each proxy pulls its own and pushes others, by difficulty (Kim and others, CVPR 2020)
_METRIC: Final[dict[str, Callable[[int, int], Any]]] = {
    "softmax": lambda classes, dim: losses.NormalizedSoftmaxLoss(classes, dim, temperature=0.05),
    "arcface": lambda classes, dim: losses.ArcFaceLoss(classes, dim, margin=17.2, scale=32),
    "proxy_anchor": lambda classes, dim: losses.ProxyAnchorLoss(classes, dim, margin=0.1, alpha=32),
}


class Objective(nn.Module):
    """A module, because a metric loss learns too: `proxies` are its parameters."""

    def __init__(self, recipe: Recipe, *, labels: int, groups: int, dim: int) -> None:
        super().__init__()
        self._classification_weight = recipe.classification_weight
        self._metric_weight = recipe.metric_weight
        self._by_group = recipe.metric_target == "group"
        self._cross_entropy = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
        classes = groups if self._by_group else labels
        self.metric = None if recipe.metric_loss == "none" else _METRIC[recipe.metric_loss](classes, dim)

    def forward(self, output: Output, batch: Batch) -> torch.Tensor:
        """A scalar, float32."""
        embedding, logits = output
        total = embedding.new_zeros(())
        if self._classification_weight > 0:
            total = total + self._classification_weight * self._cross_entropy(logits.float(), batch.labels)
        if self.metric is not None:
            targets = batch.groups if self._by_group else batch.labels
            total = total + self._metric_weight * self.metric(embedding, targets)
        return total
