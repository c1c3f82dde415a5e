"""Where a vision worker finds the files of a model that is asked for by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.db import schema
from shared.db.engine import Database
from shared.models import registry
from shared.storage.memory import MemoryStore
from tests.model_folders import FILES, model_folder
from workers.models.weights.stored import weights_in


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path / 'tusou.db'}")
    schema.migrate(db)
    yield db
    db.close()


def test_a_model_of_the_registry_is_found_by_name_and_by_version(db: Database, tmp_path: Path) -> None:
    store = MemoryStore()
    registry.push(db, store, model_folder(tmp_path / "model"))
    fetch = weights_in(store, db)
    assert fetch("bars@1/model.onnx") == FILES["model.onnx"]
    assert json.loads(fetch("bars/model.json") or b"")["version"] == 1
    assert fetch("bars@2/model.json") is None


def test_what_an_operator_laid_down_comes_first_and_leaves_no_copy(db: Database, tmp_path: Path) -> None:
    store = MemoryStore()
    registry.push(db, store, model_folder(tmp_path / "model"))
    store.put("incoming/models/bars/model.onnx", b"laid down")
    before = sorted(store.list(""))
    assert weights_in(store, db)("bars/model.onnx") == b"laid down"
    assert sorted(store.list("")) == before
