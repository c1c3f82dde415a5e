"""How torchvision's networks come apart into blocks in a row, their last layer left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from workers.models.networks.blocks import Flat

# A whole network of torchvision -> its blocks; the last one gives (n, features).
Cut = Callable[[Any], list[nn.Module]]


def pooled(net: Any) -> list[nn.Module]:
    """MobileNet, EfficientNet: features, averaged."""
    return [*net.features, Flat()]


def dense(net: Any) -> list[nn.Module]:
    """AlexNet, VGG: features, pooled to a fixed grid, and two dense layers."""
    *between, _ = net.classifier
    return [*net.features, nn.Sequential(net.avgpool, nn.Flatten(), *between)]


def residual(net: Any) -> list[nn.Module]:
    """ResNet: a stem and four groups of blocks."""
    stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    return [stem, *net.layer1, *net.layer2, *net.layer3, *net.layer4, Flat()]


def inception(net: Any) -> list[nn.Module]:
    """Inception v3 without its auxiliary classifier, which serves training from scratch only."""
    left_out = ("AuxLogits", "avgpool", "dropout", "fc")
    return [*(block for name, block in net.named_children() if name not in left_out), Flat()]


def convnext(net: Any) -> list[nn.Module]:
    """ConvNeXt: features, averaged, normalised."""
    *between, _ = net.classifier
    return [*net.features, nn.Sequential(net.avgpool, *between)]


def transformer(net: Any) -> list[nn.Module]:
    """ViT: patches and the class token, the encoder's layers, and the token that is read."""
    return [_Tokens(net), *net.encoder.layers, nn.Sequential(net.encoder.ln, _FirstToken())]


class _Tokens(nn.Module):
    """(n, 3, h, w) -> (n, 1 + patches, width), places added."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.conv_proj = net.conv_proj
        self.class_token = net.class_token
        self.pos_embedding = net.encoder.pos_embedding
        self.dropout = net.encoder.dropout

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        patches = self.conv_proj(batch).flatten(2).transpose(1, 2)  # (n, patches, width)
        # Of a shape, not of len(), which a trace would take for a constant.
        first = self.class_token.expand(patches.shape[0], -1, -1)
        tokens: torch.Tensor = self.dropout(torch.cat([first, patches], 1) + self.pos_embedding)
        return tokens


class _FirstToken(nn.Module):
    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, 0]
