"""`tusou models`: the registry of an embedded deployment by its commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from shared.errors import Conflict, NotFound
from shared.settings import Settings
from shared.storage.open import open_store
from tests.model_folders import model_folder


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment of its own, in whose folder the commands are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUSOU_HOME", str(tmp_path / "home"))
    tusou("migrate")
    model_folder(tmp_path / "trained")
    return tmp_path


def tusou(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_a_pushed_model_is_listed_shown_and_pulled(deployment: Path) -> None:
    assert tusou("models", "push", "trained") == "bars@1\n"
    assert tusou("models", "push", "trained", "--name", "other") == "other@1\n"
    assert "abcdef012345" in tusou("models", "list")
    assert "other" not in tusou("models", "list", "bars")
    shown = json.loads(tusou("models", "show", "bars"))
    assert (shown["version"], shown["labels"]) == (1, 2)
    assert set(shown["files"]) == {"model.json", "model.safetensors", "model.onnx"}
    tusou("models", "pull", "bars")
    tusou("models", "pull", "bars@1", "--to", "elsewhere")
    for folder in ("bars@1", "elsewhere"):
        assert (deployment / folder / "model.onnx").read_bytes() == b"a graph"


def test_verifying_tells_the_damaged_file_and_fails(deployment: Path) -> None:
    tusou("models", "push", "trained")
    assert "good" in tusou("models", "verify", "bars")
    store = open_store(Settings().store_url)
    for name in list(store.list("models/")):
        store.delete(name)
        store.put(name, b"something else")
    told = tusou("models", "verify", "bars", code=1)
    assert "good" not in told


def test_what_is_not_there_or_there_already_is_a_sentence(deployment: Path) -> None:
    with pytest.raises(NotFound):
        tusou("models", "show", "bars")
    tusou("models", "push", "trained")
    with pytest.raises(Conflict):
        tusou("models", "pull", "bars", "--to", "trained")
