"""From a model's name to the model. torch is imported only when a torch network is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from shared.errors import TusouError
from workers.models.artefacts.files import Opened, open_folder, open_stored, pack
from workers.models.classical.descriptor import Descriptor
from workers.models.engines.choice import choose_engine, needs_torch
from workers.models.engines.devices import check_device
from workers.models.fake import FakeModel
from workers.models.port import Model
from workers.models.published.exported import exported
from workers.models.serving import serve
from workers.models.weights.find import FetchObject, find_weights


@dataclass(frozen=True)
class _Options:
    weights: str | None
    device: str
    threads: int
    fetch_object: FetchObject | None
    engine: str
    cache: Path | None


def load_model(
    name: str,
    *,
    weights: str | None,
    device: str = "auto",
    threads: int = 0,
    fetch_object: FetchObject | None = None,
    engine: str = "auto",
    cache: Path | None = None,
) -> Model:
    """A model ready for `warmup`, which bears the name it was asked by.

    `name` is built in, or an artefact's: its folder, or what it is called in the folder `weights` or in the
    object store. `device` is auto, cpu or cuda, `engine` auto, torch or onnx (see `choose_engine`);
    `threads` 0 means all cores. Built-in networks exported to ONNX are kept in the folder `cache`.
    `descriptor` and `fake` take no weights and run on the CPU, artefacts bring their own. Raises
    WeightsMissing, and TusouError for an unknown name, weights of another network, a damaged artefact, an
    engine not installed, or a GPU that is not there.
    """
    options = _Options(weights, device, threads, fetch_object, engine, cache)
    check_device(device)
    if name in _FACTORIES:
        return _FACTORIES[name](options)
    opened = find_artefact(name, weights=weights, fetch_object=fetch_object)
    return serve(opened, name=name, engine=engine, device=device, threads=threads)


def find_artefact(name: str, *, weights: str | None, fetch_object: FetchObject | None) -> Opened:
    """The artefact in the folder `name`, in `weights`, or of that name in the object store.

    Raises TusouError where there is none, or one that cannot be trusted.
    """
    opened = open_folder(Path(name).expanduser())
    if opened is None and weights:
        opened = open_folder(Path(weights).expanduser() / name)
    if opened is None and fetch_object is not None:
        opened = open_stored(name, fetch_object)
    if opened is None:
        raise TusouError(
            f"there is no model {name!r}: no folder of a trained model, none of that name in the object "
            f"store; built in are: {', '.join(names())}",
            code="unknown_model",
        )
    return opened


def names() -> tuple[str, ...]:
    """All names that `load_model` knows without being given a folder or an object store."""
    return tuple(_FACTORIES)


def _torchvision(name: str, options: _Options) -> Model:
    engine, device = choose_engine(options.engine, options.device)
    source = find_weights(name, weights=options.weights, fetch_object=options.fetch_object)
    if engine == "onnx":
        opened = exported(name, source, cache=options.cache)
    else:
        with needs_torch(name):
            from workers.models.published import torchvision_nets
        opened, _ = pack(*torchvision_nets.load(name, source), None)
    return serve(opened, name=name, engine=engine, device=device, threads=options.threads)


def _bundled(name: str, options: _Options) -> Model:
    opened = open_folder(BUNDLED / name)
    assert opened is not None, f"{name} is a part of this package"
    return serve(opened, name=name, engine=options.engine, device=options.device, threads=options.threads)


# Artefacts that come with the package.
BUNDLED: Final = Path(__file__).parent / "bundled"
_TORCHVISION: Final = ("mobilenet_v2", "mobilenet_v3_large", "resnet50", "convnext_tiny", "vit_b_32")
_FACTORIES: Final[dict[str, Callable[[_Options], Model]]] = {
    "descriptor": lambda _: Descriptor(),
    "fake": lambda _: FakeModel(),
    "tiny": partial(_bundled, "tiny"),
    **{name: partial(_torchvision, name) for name in _TORCHVISION},
}
