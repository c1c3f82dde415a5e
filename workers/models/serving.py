"""From an artefact to a model: the faster engine of those that can run it here."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

import numpy as np

from shared.errors import TusouError
from workers.models.artefact import ONNX, Artefact
from workers.models.artefact_files import Opened
from workers.models.devices import check_device, choose_device
from workers.models.engine import Engine
from workers.models.joined import Joined
from workers.models.network import Network
from workers.models.steps import embed

log = logging.getLogger(__name__)

ENGINES: Final = ("auto", "torch", "onnx")


def choose_engine(wanted: str, device: str) -> tuple[str, str]:
    """Engine and device, of auto, torch, onnx and auto, cpu, cuda. Raises TusouError for what is not there.

    `auto` is torch on a GPU, and on a CPU ONNX Runtime where it is installed. MobileNetV2 with 2 threads on 2
    cores that others use too: one image 6 ms, frozen torch 19; eight 53 ms, 234; a start 0.3 s and 190 MB
    with the network exported before, 3 s and 845 MB.
    """
    if wanted not in ENGINES:
        raise TusouError(f"there is no engine {wanted!r}; there are: {', '.join(ENGINES)}", code="no_engine")
    if wanted == "onnx":
        if device == "cuda":
            raise TusouError("the engine onnx computes on a CPU: TUSOU_DEVICE=cpu or auto", code="no_gpu")
        check_device(device)
        return "onnx", "cpu"
    chosen = choose_device(device)
    if wanted == "auto" and chosen == "cpu" and find_spec("onnxruntime") is not None:
        return "onnx", "cpu"
    return "torch", chosen


def serve(opened: Opened, *, name: str, engine: str, device: str, threads: int) -> Network | Joined:
    """The artefact as a model that bears `name`; `threads` 0 means all cores.

    `engine` and `device` are those of `choose_engine`, or another that can run it where both are auto.
    Raises TusouError where the artefact is damaged or cannot run as asked.
    """
    artefact = opened.artefact
    whitening, colour = opened.whitenings()
    network = Network(
        name=name,
        dim=artefact.dim - (colour.dim if colour else 0),
        preprocess=artefact.preprocess,
        labels=artefact.labels,
        fingerprint=artefact.fingerprint,
        engine=_engine(opened, engine, device, threads),
        averaging=artefact.averaging,
        whitening=whitening,
        no_confident_match=artefact.no_confident_match,
    )
    model = Joined(network, colour=colour, weight=artefact.colour) if colour else network
    _try_out(model, opened.where)
    return model


def _try_out(model: Network | Joined, where: str) -> None:
    """One picture through all steps: a model that cannot embed is refused before it is asked to.

    Raises TusouError.
    """
    crop = model.preprocess.crop
    noise = np.random.default_rng(0).integers(0, 256, (crop, crop, 3), np.uint8)
    try:
        (found,) = embed(model, [noise])
        fits = found.vector.shape == (model.dim,) and abs(float(found.vector @ found.vector) - 1) < 1e-3
        reason = "" if fits else "it gives no unit vectors of its dimension"
    except (AssertionError, IndexError, ValueError) as error:
        reason = str(error)
    if reason:
        raise TusouError(f"{where} is no model that can be served: {reason}", code="artefact_unfit")


def _engine(opened: Opened, engine: str, device: str, threads: int) -> Engine:
    chosen, where = _choose(opened.artefact, engine, device)
    if chosen == "onnx":
        from workers.models.onnx_net import OnnxEngine

        return OnnxEngine(opened.file(ONNX), where=f"{opened.where}/{ONNX}", threads=threads)
    with needs_torch(opened.artefact.name):
        from workers.models.torch_serving import torch_engine

        return torch_engine(opened.artefact, opened.state(), device=where, threads=threads)


def _choose(artefact: Artefact, engine: str, device: str) -> tuple[str, str]:
    """Engine and device that can run the artefact; where all is left to us, a slower one before none."""
    possible = artefact.engines()
    chosen, where = choose_engine(engine, device)
    if chosen in possible:
        return chosen, where
    if engine == "auto" and device != "cuda" and possible:
        log.warning(
            "the model %s runs with %s on the CPU: it has nothing for %s", artefact.name, possible[0], chosen
        )
        return possible[0], "cpu"
    raise TusouError(
        f"the model {artefact.name} cannot run with {chosen} on {where}, but with: {', '.join(possible)}",
        code="no_engine",
    )


@contextmanager
def needs_torch(name: str) -> Iterator[None]:
    """Around an import of torch: its absence becomes an error that says what to install."""
    # Before torch is loaded, which reads it once: by default OpenMP's threads spin while they wait for each
    # other. On 2 cores with other work MobileNetV2 then takes 146 ms an image, and 38 ms this way.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision"):
            raise
        raise TusouError(
            f"the model {name} needs torch: pip install 'tusou[torch]'", code="torch_missing"
        ) from error
