"""From a model's name to the model. torch is imported only when a torch network is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from shared.errors import TusouError
from workers.models.descriptor import Descriptor
from workers.models.fake import FakeModel
from workers.models.port import Model
from workers.models.weights import FetchObject


@dataclass(frozen=True)
class _Options:
    weights: str | None
    device: str
    threads: int
    fetch_object: FetchObject | None


def load_model(
    name: str,
    *,
    weights: str | None,
    device: str = "auto",
    threads: int = 0,
    fetch_object: FetchObject | None = None,
) -> Model:
    """A model ready for `warmup`. `device` is auto, cpu or cuda; `threads` 0 means all cores.

    `descriptor` and `fake` take no weights and run on the CPU. Raises WeightsMissing, and TusouError for an
    unknown name, weights of another network, torch not installed, or a GPU that is not there.
    """
    factory = _FACTORIES.get(name)
    if factory is None:
        raise TusouError(f"there is no model {name!r}; there are: {', '.join(names())}", code="unknown_model")
    if device not in _DEVICES:
        raise TusouError(f"there is no device {device!r}; there are: {', '.join(_DEVICES)}", code="no_device")
    return factory(_Options(weights, device, threads, fetch_object))


def names() -> tuple[str, ...]:
    """All names that `load_model` knows."""
    return tuple(_FACTORIES)


def _torchvision(name: str, options: _Options) -> Model:
    # Before torch is loaded, which reads it once: by default OpenMP's threads spin while they wait for each
    # other. On 2 cores with other work MobileNetV2 then takes 146 ms an image, and 38 ms this way.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from workers.models import torchvision_nets
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision"):
            raise
        raise TusouError(
            f"the model {name} needs torch: pip install 'tusou[torch]'", code="torch_missing"
        ) from error
    return torchvision_nets.load(
        name,
        weights=options.weights,
        device=options.device,
        threads=options.threads,
        fetch_object=options.fetch_object,
    )


_DEVICES: Final = ("auto", "cpu", "cuda")
_TORCHVISION: Final = ("mobilenet_v2", "mobilenet_v3_large", "resnet50", "convnext_tiny", "vit_b_32")
_FACTORIES: Final[dict[str, Callable[[_Options], Model]]] = {
    "descriptor": lambda _: Descriptor(),
    "fake": lambda _: FakeModel(),
    **{name: partial(_torchvision, name) for name in _TORCHVISION},
}
