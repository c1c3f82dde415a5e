"""From an artefact to a model: the faster engine of those that can run it here."""

from __future__ import annotations

import logging

import numpy as np

from shared.errors import TusouError
from workers.models.artefacts.artefact import ONNX, Artefact
from workers.models.artefacts.files import Opened
from workers.models.engines.choice import choose_engine, needs_torch
from workers.models.engines.port import Engine
from workers.models.joined import Joined
from workers.models.network import Network
from workers.models.steps import embed

log = logging.getLogger(__name__)


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
        from workers.models.engines.onnx_engine import OnnxEngine

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
