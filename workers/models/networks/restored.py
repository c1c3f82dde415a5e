"""From what a trained model's card says back to its network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import torch

from shared.errors import TusouError
from workers.models.artefacts.artefact import TRAINED, Artefact
from workers.models.networks.blocks import BlockNetwork
from workers.models.networks.build import build
from workers.models.weights.load import unfit

_FEATURES: Final = "its features"
_DESCRIBED: Final = re.compile(rf"{TRAINED}(?P<name>\w+), embedding of (?P<dim>\d+|{_FEATURES})")


def describe(name: str, dim: int | None) -> str:
    """What a card calls the network `name` with an embedding of `dim` numbers (None: its features)."""
    return f"{TRAINED}{name}, embedding of {dim or _FEATURES}"


def restore(artefact: Artefact, state: Mapping[str, np.ndarray]) -> BlockNetwork:
    """The network with its parameters, on the CPU, in eval mode, frozen.

    Raises TusouError for an architecture that `describe` did not name, and unless every key matches.
    """
    described = _DESCRIBED.fullmatch(artefact.architecture)
    if described is None:
        raise TusouError(f"torch cannot build the network {artefact.architecture!r} here", code="no_engine")
    dim = None if described["dim"] == _FEATURES else int(described["dim"])
    network = build(described["name"], classes=len(artefact.labels), dim=dim)
    try:
        network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()}, strict=True)
    except RuntimeError as error:
        raise unfit(artefact.name, str(error)) from error
    network.eval().requires_grad_(False)
    return network
