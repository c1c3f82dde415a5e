"""From what a person calls a model to the model: a folder, a built-in network, or one of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.db.engine import Database
from shared.errors import InvalidRequest
from shared.settings import Settings
from shared.storage.open import open_store
from workers.models.artefacts.files import Opened, open_folder, open_stored
from workers.models.port import Model
from workers.models.published.exported import exported
from workers.models.published.torchvision_nets import ARCHITECTURES
from workers.models.registry import BUNDLED, find_artefact, load_model, names
from workers.models.serving import serve
from workers.models.weights.find import FetchObject, find_weights
from workers.models.weights.stored import weights_in


@dataclass(frozen=True, eq=False)
class Served:
    """A model as a worker serves it, and what its card says of its training; of a built-in one nothing."""

    model: Model
    training: Mapping[str, Any]


def find_model(reference: str, *, weights: str = "") -> Opened:
    """`weights` are those of a built-in network, as `find_weights` takes them; else the deployment's.

    Raises InvalidRequest where there is none, WeightsMissing, and TusouError for one that cannot be trusted.
    """
    settings = Settings()
    for folder in (Path(reference).expanduser(), BUNDLED / reference):
        if opened := open_folder(folder):
            return opened
    if reference in ARCHITECTURES:
        found = weights or settings.weights or None
        source = find_weights(reference, weights=found, fetch_object=files_of(settings))
        return exported(reference, source, cache=settings.home / "models")
    if opened := _registered(reference, settings):
        return opened
    raise InvalidRequest(
        f"there is no model {reference!r}: no folder of one, none in the registry (`tusou models list`); "
        f"built in are {', '.join(ARCHITECTURES)}"
    )


def find_served(
    reference: str, *, weights: str = "", engine: str = "auto", device: str = "auto", threads: int = 0
) -> Served:
    """What a worker serves by this name (`workers.models.registry`), with the settings of this deployment.

    Raises WeightsMissing, and TusouError for a model that is not there or cannot be run so.
    """
    settings = Settings()
    found = weights or settings.weights or None
    files = files_of(settings)
    if reference in names():
        model = load_model(
            reference,
            weights=found,
            device=device,
            threads=threads,
            fetch_object=files,
            engine=engine,
            cache=settings.home / "models",
        )
        return Served(model, {})
    opened = find_artefact(reference, weights=found, fetch_object=files)
    card = opened.artefact
    is_folder = Path(reference).expanduser().is_dir()
    name = card.name if is_folder else f"{card.name}@{card.version}"
    model = serve(opened, name=name, engine=engine, device=device, threads=threads)
    return Served(model, card.training)


def _registered(reference: str, settings: Settings) -> Opened | None:
    files = files_of(settings)
    return open_stored(reference, files) if files else None


def files_of(settings: Settings) -> FetchObject | None:
    """Those of this deployment's object store, None where there is no deployment."""
    # Looking for a model must not make an embedded database where there is none.
    if not settings.database_url and not (settings.home / "tusou.db").exists():
        return None
    return weights_in(open_store(settings.store_url), Database(settings.sql_url))
