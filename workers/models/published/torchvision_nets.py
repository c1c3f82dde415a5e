"""The torchvision networks we serve: pooled features are the embedding, the classifier gives the label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum

from shared.errors import TusouError
from workers.models.artefacts.artefact import TORCHVISION, Artefact
from workers.models.engines.onnx_export import to_onnx
from workers.models.engines.torch_engine import Divided, GeneralisedMean
from workers.models.published.preprocess import published_preprocess
from workers.models.weights.load import State, load_found, unfit


@dataclass(frozen=True)
class Architecture:
    """`head` is the module that turns features of `dim` into logits; what it is given is the embedding.

    `maps` is the module whose output's average that is, where features can be pooled otherwise too.
    """

    build: Callable[[], nn.Module]
    weights: WeightsEnum
    dim: int
    head: str
    maps: str | None = None


# The first published weights of each, although newer ones classify better: what raises a classifier's
# accuracy (label smoothing, mixing) makes its features worse elsewhere (Kornblith and others, NeurIPS 2021).
ARCHITECTURES: Final = {
    "mobilenet_v2": Architecture(
        models.mobilenet_v2,
        models.MobileNet_V2_Weights.IMAGENET1K_V1,
        dim=1280,
        head="classifier",
        maps="features",
    ),
    "mobilenet_v3_large": Architecture(
        models.mobilenet_v3_large,
        models.MobileNet_V3_Large_Weights.IMAGENET1K_V1,
        dim=960,
        head="classifier",
        maps="features",
    ),
    "resnet50": Architecture(models.resnet50, models.ResNet50_Weights.IMAGENET1K_V1, dim=2048, head="fc"),
    "convnext_tiny": Architecture(
        models.convnext_tiny, models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1, dim=768, head="classifier.2"
    ),
    "vit_b_32": Architecture(models.vit_b_32, models.ViT_B_32_Weights.IMAGENET1K_V1, dim=768, head="heads"),
}


def describe(name: str) -> str:
    """What an artefact's card calls the architecture `name`."""
    return f"{TORCHVISION}{name}, input of {ARCHITECTURES[name].head}"


_BY_DESCRIPTION: Final = {describe(name): name for name in ARCHITECTURES}


def load(name: str, source: Path | bytes | None) -> tuple[Artefact, State]:
    """One of ARCHITECTURES as published and its weights, from `find_weights` or (None) the download.

    Raises WeightsMissing, and TusouError for a file that is no weights.
    """
    architecture = ARCHITECTURES[name]
    state = load_found(name, architecture.weights, source)
    artefact = Artefact(
        name=name,
        architecture=describe(name),
        dim=architecture.dim,
        preprocess=published_preprocess(architecture.weights),
        labels=tuple(architecture.weights.meta["categories"]),
        training={"weights": f"torchvision's layout, {architecture.weights}"},
    )
    return artefact, state


def divided(artefact: Artefact, state: State) -> Divided:
    """The network with its parameters, in eval mode.

    Raises TusouError for an architecture that is none of ours, and unless every key matches.
    """
    name = _BY_DESCRIPTION.get(artefact.architecture)
    if name is None:
        raise TusouError(f"torch cannot build the network {artefact.architecture!r} here", code="no_engine")
    found = ARCHITECTURES[name]
    with torch.device("meta"):  # parameters without numbers: what the weights do not fill cannot compute
        net = found.build()
    try:
        net.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise unfit(name, f"they are another network's: {error}") from error
    net = net.eval().requires_grad_(False)
    return _averaged(net, found.head) if artefact.pooling == 1 else _pooled(net, found, artefact.pooling)


def as_onnx(artefact: Artefact, state: State) -> bytes:
    """The network's ONNX file. Raises as `divided`."""
    network = divided(artefact, state)
    return to_onnx(network.body, network.head, artefact.preprocess, network.pool)


def _averaged(net: nn.Module, head_name: str) -> Divided:
    head = net.get_submodule(head_name)
    parent, _, attribute = head_name.rpartition(".")
    setattr(net.get_submodule(parent), attribute, nn.Identity())
    return Divided(net, head)


def _pooled(net: nn.Module, found: Architecture, exponent: float) -> Divided:
    """The classifier is given the average that it was trained on, the embedding is pooled otherwise."""
    if found.maps is None:
        raise TusouError("this network's features have no map to pool", code="no_engine")
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.get_submodule(found.head))
    return Divided(net.get_submodule(found.maps), head, GeneralisedMean(exponent))
