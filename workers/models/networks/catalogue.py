"""The networks that can be trained, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum

from workers.models.networks import cuts, small
from workers.models.preprocessing.preprocess import Preprocess


@dataclass(frozen=True)
class Own:
    """A network of ours: its blocks, the width of what the last gives, and what is done to pictures."""

    blocks: Callable[[], list[nn.Module]]
    features: int
    preprocess: Preprocess


@dataclass(frozen=True)
class Published:
    """A network of torchvision: how it is built and cut, its first published weights and its last layer."""

    build: Callable[[], Any]
    cut: cuts.Cut
    weights: WeightsEnum
    head: str
    preprocess: Preprocess | None = None  # that of the weights, unless given


# Inception's own scaling: torchvision's module does it inside, to what other networks are given.
_TO_ONE: Final = Preprocess(
    resize=342, crop=299, interpolation="bilinear", fit="center", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)

NETWORKS: Final[dict[str, Own | Published]] = {
    "classic": Own(small.classic, 64, small.DIGITS),
    "digits": Own(small.digits, 128, small.DIGITS),
    "tiny": Own(small.tiny, 256, small.TINY),
    "alexnet": Published(
        models.alexnet, cuts.dense, models.AlexNet_Weights.IMAGENET1K_V1, head="classifier.6"
    ),
    "vgg11_bn": Published(
        models.vgg11_bn, cuts.dense, models.VGG11_BN_Weights.IMAGENET1K_V1, head="classifier.6"
    ),
    "vgg16": Published(models.vgg16, cuts.dense, models.VGG16_Weights.IMAGENET1K_V1, head="classifier.6"),
    "resnet18": Published(models.resnet18, cuts.residual, models.ResNet18_Weights.IMAGENET1K_V1, head="fc"),
    "resnet50": Published(models.resnet50, cuts.residual, models.ResNet50_Weights.IMAGENET1K_V1, head="fc"),
    "inception_v3": Published(
        partial(models.inception_v3, init_weights=False),
        cuts.inception,
        models.Inception_V3_Weights.IMAGENET1K_V1,
        head="fc",
        preprocess=_TO_ONE,
    ),
    "mobilenet_v2": Published(
        models.mobilenet_v2, cuts.pooled, models.MobileNet_V2_Weights.IMAGENET1K_V1, head="classifier.1"
    ),
    "mobilenet_v3_small": Published(
        models.mobilenet_v3_small,
        cuts.pooled,
        models.MobileNet_V3_Small_Weights.IMAGENET1K_V1,
        head="classifier.0",
    ),
    "mobilenet_v3_large": Published(
        models.mobilenet_v3_large,
        cuts.pooled,
        models.MobileNet_V3_Large_Weights.IMAGENET1K_V1,
        head="classifier.0",
    ),
    "efficientnet_b0": Published(
        models.efficientnet_b0, cuts.pooled, models.EfficientNet_B0_Weights.IMAGENET1K_V1, head="classifier.1"
    ),
    "convnext_tiny": Published(
        models.convnext_tiny, cuts.convnext, models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1, head="classifier.2"
    ),
    "vit_b_16": Published(
        models.vit_b_16, cuts.transformer, models.ViT_B_16_Weights.IMAGENET1K_V1, head="heads.head"
    ),
    "vit_b_32": Published(
        models.vit_b_32, cuts.transformer, models.ViT_B_32_Weights.IMAGENET1K_V1, head="heads.head"
    ),
}
