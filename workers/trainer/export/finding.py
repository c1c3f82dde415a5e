"""From what a person calls a model to the model: a folder, a built-in network, or one of the registry."""

from __future__ import annotations

from pathlib import Path

from shared.db.engine import Database
from shared.errors import InvalidRequest
from shared.models.stored import StoredModels
from shared.settings import Settings
from shared.storage.open import open_store
from workers.models.artefacts.files import Opened, open_folder, open_stored
from workers.models.published.exported import exported
from workers.models.published.torchvision_nets import ARCHITECTURES
from workers.models.registry import BUNDLED
from workers.models.weights.find import find_weights


def find_model(reference: str, *, weights: str = "") -> Opened:
    """`weights` are those of a built-in network, as `find_weights` takes them.

    Raises InvalidRequest where there is none, WeightsMissing, and TusouError for one that cannot be trusted.
    """
    settings = Settings()
    for folder in (Path(reference).expanduser(), BUNDLED / reference):
        if opened := open_folder(folder):
            return opened
    if reference in ARCHITECTURES:
        source = find_weights(reference, weights=weights or None, fetch_object=None)
        return exported(reference, source, cache=settings.home / "models")
    if opened := _registered(reference, settings):
        return opened
    raise InvalidRequest(
        f"there is no model {reference!r}: no folder of one, none in the registry (`tusou models list`); "
        f"built in are {', '.join(ARCHITECTURES)}"
    )


def _registered(reference: str, settings: Settings) -> Opened | None:
    # Looking for a model must not make an embedded database where there is none.
    if not settings.database_url and not (settings.home / "tusou.db").exists():
        return None
    return open_stored(reference, StoredModels(Database(settings.sql_url), open_store(settings.store_url)))
