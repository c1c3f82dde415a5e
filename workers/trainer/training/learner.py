"""A network and its objective as one, with all that their state is."""

from __future__ import annotations

import torch
from torch import nn

from workers.models.networks.blocks import BlockNetwork
from workers.trainer.data.batches import Batch
from workers.trainer.training.losses import Objective

State = dict[str, torch.Tensor]


class Learner(nn.Module):
    """Gives the loss of a batch."""

    def __init__(self, network: BlockNetwork, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def forward(self, batch: Batch, start: int) -> torch.Tensor:
        """A scalar; `start` is the block that takes the batch."""
        device = batch.inputs.device.type
        # bfloat16 has the range of float32, so that no loss must be scaled.
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            output = self.network.tail(batch.inputs, start)
        loss: torch.Tensor = self.objective(output, batch)
        return loss

    def snapshot(self) -> State:
        """A copy of all numbers, on the CPU."""
        return {key: value.detach().to("cpu", copy=True) for key, value in self.state_dict().items()}
