"""Weights of the right shapes, for tests that ask how a network is loaded and not how good it is."""

from __future__ import annotations

from pathlib import Path

import torch

from workers.models.published.torchvision_nets import ARCHITECTURES


def invent_weights(name: str, folder: Path) -> Path:
    """`<folder>/<name>.pth` in half precision, as torchvision would initialise the network with seed 0."""
    torch.manual_seed(0)
    state = ARCHITECTURES[name].build().state_dict()
    path = folder / f"{name}.pth"
    torch.save({key: v.half() if v.is_floating_point() else v for key, v in state.items()}, path)
    return path
