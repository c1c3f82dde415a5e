"""From an artefact to its network on the engine torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from workers.models.artefacts.artefact import TRAINED, Artefact
from workers.models.engines.cores import cores
from workers.models.engines.torch_engine import Divided, TorchEngine
from workers.models.networks.restored import restore
from workers.models.published import torchvision_nets


def torch_engine(
    artefact: Artefact, state: Mapping[str, np.ndarray], *, device: str, threads: int
) -> TorchEngine:
    """An artefact's network on `device` (cpu or cuda); `threads` 0 means all cores.

    Raises TusouError for an architecture that is none of ours, or parameters of another.
    """
    torch.set_num_threads(threads or cores())
    network = _divided(artefact, state).to(device).to(memory_format=torch.channels_last)
    return TorchEngine(network, artefact.preprocess, device)


def _divided(artefact: Artefact, state: Mapping[str, np.ndarray]) -> Divided:
    if artefact.architecture.startswith(TRAINED):
        network = restore(artefact, state)
        return Divided(network.body(), network.classifier)
    return torchvision_nets.divided(artefact, {key: torch.from_numpy(value) for key, value in state.items()})
