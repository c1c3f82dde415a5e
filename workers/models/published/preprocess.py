"""What torchvision publishes with a network's weights: the preprocess that they were trained for."""

from __future__ import annotations

from torchvision.models import WeightsEnum

from workers.models.preprocessing.preprocess import Preprocess


def published_preprocess(weights: WeightsEnum) -> Preprocess:
    published = weights.transforms()
    return Preprocess(
        resize=published.resize_size[0],
        crop=published.crop_size[0],
        interpolation=published.interpolation.value,
        fit="center",
        mean=tuple(published.mean),
        std=tuple(published.std),
    )
