"""A network's parameters as a dictionary of float32 tensors."""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torchvision.models import WeightsEnum

from shared.errors import TusouError
from workers.models.weights.find import FetchObject, find_weights, weights_missing

log = logging.getLogger(__name__)

State = dict[str, torch.Tensor]


def load_state(
    name: str, published: WeightsEnum, *, weights: str | None, fetch_object: FetchObject | None
) -> State:
    """Raises WeightsMissing, and TusouError for a file that is no weights."""
    return load_found(name, published, find_weights(name, weights=weights, fetch_object=fetch_object))


def load_found(name: str, published: WeightsEnum, source: Path | bytes | None) -> State:
    """As `load_state`, from what `find_weights` found."""
    state = _download(name, published) if source is None else _read(name, source)
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def _read(name: str, source: Path | bytes) -> Mapping[str, torch.Tensor]:
    where = f"{source}" if isinstance(source, Path) else "the object store's file"
    try:
        state = torch.load(
            io.BytesIO(source) if isinstance(source, bytes) else source, map_location="cpu", weights_only=True
        )
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise unfit(name, f"{where} cannot be read as weights: {error}") from error
    if not isinstance(state, Mapping) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise unfit(name, f"{where} holds no dictionary of tensors")
    return state


def _download(name: str, published: WeightsEnum) -> Mapping[str, torch.Tensor]:
    log.info("loading %s from torchvision's cache or %s", name, published.url)
    try:
        state: Mapping[str, torch.Tensor] = published.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # no network, no disk, or not the hash that it should have
        raise weights_missing(name, f"the download from {published.url} failed ({error})") from error
    return state


def unfit(name: str, reason: str) -> TusouError:
    """Weights are there, but not this network's."""
    return TusouError(f"the model {name} cannot use its weights: {reason}", code="weights_unfit")
