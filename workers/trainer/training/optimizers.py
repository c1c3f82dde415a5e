"""What turns gradients into steps."""

from __future__ import annotations

import torch

from workers.trainer.recipes.recipe import Recipe, Stage
from workers.trainer.training.freezing import parameter_groups
from workers.trainer.training.learner import Learner
from workers.trainer.training.schedule import share_of_rate


def make_optimizer(learner: Learner, stage: Stage, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, ICLR 2019), or SGD with Nesterov's momentum of 0.9."""
    groups = parameter_groups(learner.network, learner.objective, stage, recipe)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=stage.rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=stage.rate)


def step(optimizer: torch.optim.Optimizer, loss: torch.Tensor, learner: Learner, clip_norm: float) -> None:
    """One step down; longer gradients are cut to `clip_norm` (Pascanu and others, ICML 2013)."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for p in learner.parameters() if p.requires_grad], clip_norm)
    optimizer.step()


def set_rate(optimizer: torch.optim.Optimizer, stage: Stage, number: int, steps: int, warmup: float) -> float:
    """For step `number` of the stage's `steps`; returns the head's rate."""
    rate = stage.rate * share_of_rate(number, steps, warmup)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
    return rate
