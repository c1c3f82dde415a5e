"""A trained network as an artefact that workers serve, and back to be looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import InvalidRequest
from workers.models.artefacts.artefact import Artefact
from workers.models.artefacts.files import open_folder, write
from workers.models.engines.onnx_export import to_onnx
from workers.models.networks.blocks import BlockNetwork
from workers.models.networks.restored import describe, restore
from workers.trainer.training.train import Trained


@dataclass(frozen=True, eq=False)
class Loaded:
    """An artefact's card and its network, in eval mode on the CPU."""

    artefact: Artefact
    network: BlockNetwork


def write_artefact(
    trained: Trained,
    folder: Path,
    *,
    name: str,
    version: int = 1,
    no_confident_match: float | None,
    evaluation: dict[str, Any],
) -> Artefact:
    """Makes `folder` with card, parameters and ONNX file. Raises TusouError where it is there already."""
    network = trained.network.cpu().eval()
    recipe = trained.facts["recipe"]
    artefact = Artefact(
        name=name,
        architecture=describe(recipe["network"], recipe["dim"]),
        dim=network.dim,
        preprocess=trained.preprocess,
        labels=trained.labels if network.classifier else (),
        version=version,
        no_confident_match=no_confident_match,
        training=trained.facts,
        evaluation=evaluation,
    )
    onnx = to_onnx(network.body(), network.classifier, trained.preprocess)
    return write(folder, artefact, network.state_dict(), onnx)


def read_artefact(folder: Path) -> Loaded:
    """What `write_artefact` made; TusouError for a damaged one, InvalidRequest for anything else."""
    opened = open_folder(folder)
    if opened is None or "recipe" not in opened.artefact.training:
        raise InvalidRequest(f"{folder} holds no model that was trained here")
    card = opened.artefact
    if (card.averaging, card.whitening, card.precision) != ("none", "none", "float32"):
        raise InvalidRequest(
            f"{folder} holds a variant, which is no network of ours alone: `tusou evaluate` measures it"
        )
    return Loaded(card, restore(card, opened.state()))
