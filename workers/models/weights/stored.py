"""Files of models and weights in a deployment's object store, for whoever loads a model by its name."""

from __future__ import annotations

from shared.db.engine import Database
from shared.models.stored import StoredModels
from shared.storage.names import is_name, new_name
from shared.storage.port import ObjectStore
from workers.models.weights.find import STORE_PREFIX, FetchObject


def weights_in(store: ObjectStore, db: Database) -> FetchObject:
    """What an operator laid down under incoming/models/, else the files of a model in the registry."""
    stored_models = StoredModels(db, store)

    def fetch(file_name: str) -> bytes | None:
        laid_down = STORE_PREFIX + file_name
        # What a person calls a model may be no name at all, as a folder that is not there.
        if not is_name(laid_down) or store.size(laid_down) is None:
            return stored_models(file_name)
        copy = store.adopt(laid_down, new_name("models", "models", db.clock()))
        try:
            return store.get(copy.name, sha256=copy.sha256, length=copy.length)
        finally:
            store.delete(copy.name)

    return fetch
