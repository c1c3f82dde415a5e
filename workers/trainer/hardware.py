"""What a training runs on."""

from __future__ import annotations

from dataclasses import dataclass

from workers.models.engines.devices import choose_device


@dataclass(frozen=True)
class Hardware:
    """`device` is cpu or cuda; `loaders` processes decode pictures, 0 decodes in the training's own."""

    device: str
    loaders: int = 0


def hardware(device: str = "auto", loaders: int = 0) -> Hardware:
    """`device` is auto, cpu or cuda. Raises TusouError for a GPU that is not there."""
    return Hardware(choose_device(device), loaders)
