"""The torchvision networks we serve: pooled features are the embedding, the classifier gives the label."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum

from shared.errors import TusouError
from workers.models.fingerprint import fingerprint
from workers.models.preprocess import Preprocess
from workers.models.state import State, load_state, state_sha256, unfit
from workers.models.torch_net import TorchNet
from workers.models.weights import FetchObject


@dataclass(frozen=True)
class Architecture:
    """`head` is the module that turns features of `dim` into logits; what it is given is the embedding."""

    build: Callable[[], nn.Module]
    weights: WeightsEnum
    dim: int
    head: str


# The first published weights of each, although newer ones classify better: what raises a classifier's
# accuracy (label smoothing, mixing) makes its features worse elsewhere (Kornblith and others, NeurIPS 2021).
ARCHITECTURES: Final = {
    "mobilenet_v2": Architecture(
        models.mobilenet_v2, models.MobileNet_V2_Weights.IMAGENET1K_V1, dim=1280, head="classifier"
    ),
    "mobilenet_v3_large": Architecture(
        models.mobilenet_v3_large, models.MobileNet_V3_Large_Weights.IMAGENET1K_V1, dim=960, head="classifier"
    ),
    "resnet50": Architecture(models.resnet50, models.ResNet50_Weights.IMAGENET1K_V1, dim=2048, head="fc"),
    "convnext_tiny": Architecture(
        models.convnext_tiny, models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1, dim=768, head="classifier.2"
    ),
    "vit_b_32": Architecture(models.vit_b_32, models.ViT_B_32_Weights.IMAGENET1K_V1, dim=768, head="heads"),
}


def load(
    name: str, *, weights: str | None, device: str, threads: int, fetch_object: FetchObject | None
) -> TorchNet:
    """One of ARCHITECTURES with its weights. `device` is auto, cpu or cuda; `threads` 0 means all cores.

    Raises WeightsMissing, and TusouError for weights of another network or a GPU that is not there.
    """
    device = _device(device)
    torch.set_num_threads(threads or _cores())
    architecture = ARCHITECTURES[name]
    state = load_state(name, architecture.weights, weights=weights, fetch_object=fetch_object)
    preprocess = _preprocess(architecture.weights)
    body, head = _split(name, architecture, state, device)
    return TorchNet(
        name=name,
        dim=architecture.dim,
        preprocess=preprocess,
        labels=tuple(architecture.weights.meta["categories"]),
        fingerprint=fingerprint(
            architecture=f"torchvision {name}, input of {architecture.head}",
            weights_sha256=state_sha256(state),
            preprocess=preprocess,
            dim=architecture.dim,
        ),
        body=body,
        head=head,
        device=device,
    )


def _split(name: str, architecture: Architecture, state: State, device: str) -> tuple[nn.Module, nn.Module]:
    """Body and head with the weights in them; every key must match."""
    with torch.device("meta"):  # parameters without numbers: what the weights do not fill cannot compute
        net = architecture.build()
    try:
        net.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise unfit(name, f"they are another network's: {error}") from error
    net = net.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    head = net.get_submodule(architecture.head)
    parent, _, attribute = architecture.head.rpartition(".")
    setattr(net.get_submodule(parent), attribute, nn.Identity())
    return net, head


def _preprocess(weights: WeightsEnum) -> Preprocess:
    published = weights.transforms()
    return Preprocess(
        resize=published.resize_size[0],
        crop=published.crop_size[0],
        interpolation=published.interpolation.value,
        fit="center",
        mean=tuple(published.mean),
        std=tuple(published.std),
    )


def _device(wanted: str) -> str:
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise TusouError("TUSOU_DEVICE is cuda, but torch finds no GPU here; use auto or cpu", code="no_gpu")
    return wanted


def _cores() -> int:
    """Cores that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
