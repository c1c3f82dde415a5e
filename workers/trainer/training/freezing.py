"""Which part of a network learns."""

from __future__ import annotations

from typing import Any

from torch import nn

from workers.models.networks.blocks import BlockNetwork
from workers.trainer.recipes.recipe import Recipe, Stage


def first_learning(network: BlockNetwork, blocks: int | None) -> int:
    """The number of the first of the last `blocks` blocks that have parameters; None is all."""
    if blocks is None:
        return 0
    able = [n for n, block in enumerate(network.blocks) if any(True for _ in block.parameters())]
    return able[-blocks] if 0 < blocks <= len(able) else 0 if blocks else len(network.blocks)


def freeze(network: BlockNetwork, start: int, *, keep_statistics: bool = False) -> None:
    """Only blocks from `start` on and the head learn; the others also keep their running statistics.

    With `keep_statistics` all blocks do: the means of small batches of few photos are worse than those of a
    million. What normalisation scales and shifts by learns all the same.
    """
    network.train()
    for number, block in enumerate(network.blocks):
        block.requires_grad_(number >= start)
        block.train(number >= start)
    if keep_statistics:
        for module in network.blocks.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.eval()


def parameter_groups(
    network: BlockNetwork, objective: nn.Module, stage: Stage, recipe: Recipe
) -> list[dict[str, Any]]:
    """For an optimizer: what decays and what does not, each with its `share` of the stage's rate.

    Biases and what normalisation scales by do not decay (He and others, "Bag of tricks", CVPR 2019, 3.1).
    """
    heads = (network.projection, network.classifier)
    head = [p for each in heads if each is not None for p in each.parameters()]
    body = [p for p in network.blocks.parameters() if p.requires_grad]
    parts = ((body, stage.body_rate), (head, 1.0), (list(objective.parameters()), recipe.proxy_rate))
    return [
        {"params": chosen, "share": share, "weight_decay": decay}
        for parameters, share in parts
        for decays, decay in ((True, recipe.weight_decay), (False, 0.0))
        if (chosen := [p for p in parameters if (p.ndim > 1) == decays])
    ]
