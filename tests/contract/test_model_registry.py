"""The model registry on both databases: versions are given once, files come back as they went in."""

from __future__ import annotations

import itertools
import json
import threading
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import Connection, func, select

from shared.db.engine import Database
from shared.db.tables import objects
from shared.errors import Conflict, InvalidRequest, LostClaim, NotFound, ObjectCorrupt
from shared.models import registry
from shared.models.stored import StoredModels
from shared.storage.memory import MemoryStore
from shared.storage.port import Stored
from tests.model_folders import FILES, model_folder


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return model_folder(tmp_path / "model")


def found(db: Database, reference: str) -> registry.Entry:
    with db.read() as c:
        return registry.find(c, reference)


def owned(db: Database) -> int:
    with db.read() as c:
        return c.execute(select(func.count()).select_from(objects)).scalar_one()


def test_each_push_is_the_next_version(db: Database, store: MemoryStore, folder: Path) -> None:
    assert [registry.push(db, store, folder).reference for _ in range(3)] == ["bars@1", "bars@2", "bars@3"]
    assert registry.push(db, store, folder, name="other").reference == "other@1"
    with db.read() as c:
        assert [e.reference for e in registry.listing(c)] == ["bars@3", "bars@2", "bars@1", "other@1"]
        assert [e.reference for e in registry.listing(c, "other")] == ["other@1"]


def test_every_object_of_a_model_has_an_owner_for_good(
    db: Database, store: MemoryStore, folder: Path
) -> None:
    entry = registry.push(db, store, folder)
    with db.read() as c:
        rows = {row.name: row for row in c.execute(select(objects))}
    assert set(rows) == {each.name for each in entry.files.values()}
    assert all(name.startswith("models/") for name in rows)
    assert {row.expires_at for row in rows.values()} == {None}


def test_a_name_means_its_newest_version(db: Database, store: MemoryStore, folder: Path) -> None:
    for _ in range(11):
        registry.push(db, store, folder)
    assert found(db, "bars").version == 11
    assert found(db, "bars@2").version == 2


@pytest.mark.parametrize(
    "reference", ["", "@", "bars@", "bars@2", "bars@x", "bars@²", "bars@" + "9" * 30, "x\0"]
)
def test_what_is_not_there_is_not_found(
    db: Database, store: MemoryStore, folder: Path, reference: str
) -> None:
    registry.push(db, store, folder)
    with pytest.raises(NotFound, match="tusou models list"):
        found(db, reference)


def test_a_pulled_model_is_the_pushed_one_under_its_version(
    db: Database, store: MemoryStore, folder: Path, tmp_path: Path
) -> None:
    registry.push(db, store, folder)
    registry.push(db, store, folder, name="renamed")
    registry.pull(store, found(db, "renamed"), tmp_path / "a" / "pulled")

    card = json.loads((tmp_path / "a" / "pulled" / "model.json").read_text(encoding="utf-8"))
    before = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert card == before | {"name": "renamed", "version": 1}
    for file, data in FILES.items():
        assert (tmp_path / "a" / "pulled" / file).read_bytes() == data


def test_pulling_never_overwrites(db: Database, store: MemoryStore, folder: Path, tmp_path: Path) -> None:
    entry = registry.push(db, store, folder)
    with pytest.raises(Conflict, match="never changes"):
        registry.pull(store, entry, folder)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_damaged_object_is_told_and_leaves_no_folder(
    db: Database, store: MemoryStore, folder: Path, tmp_path: Path
) -> None:
    entry = registry.push(db, store, folder)
    name = entry.files["model.onnx"].name
    store.delete(name)
    store.put(name, b"a grapf")

    faults = registry.verify(store, entry)
    assert faults["model.onnx"] is not None
    assert [file for file, fault in faults.items() if fault is None] == ["model.json", "model.safetensors"]
    with pytest.raises(ObjectCorrupt):
        registry.pull(store, entry, tmp_path / "pulled")
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"model"}


def test_files_that_are_not_those_of_the_card_are_refused(
    db: Database, store: MemoryStore, folder: Path
) -> None:
    (folder / "model.onnx").write_bytes(b"another graph")
    with pytest.raises(ObjectCorrupt, match="its card says"):
        registry.push(db, store, folder)
    assert owned(db) == 0


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"files": {"../x": "0"}, "fingerprint": "ab"}'])
def test_a_folder_without_a_card_holds_no_model(
    db: Database, store: MemoryStore, tmp_path: Path, card: str
) -> None:
    with pytest.raises(InvalidRequest, match=r"model\.json"):
        registry.push(db, store, tmp_path)
    (tmp_path / "model.json").write_text(card, encoding="utf-8")
    with pytest.raises(InvalidRequest, match="no model's card"):
        registry.push(db, store, tmp_path)


@pytest.mark.parametrize("name", ["", "Bars", "a@1", "a/b", "-a", "a" * 65])
def test_a_name_that_could_not_be_asked_for_is_refused(
    db: Database, store: MemoryStore, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InvalidRequest, match="a model's name is"):
        registry.push(db, store, model_folder(tmp_path / "model", name=name))


def test_figures_that_are_no_numbers_are_null(db: Database, store: MemoryStore, tmp_path: Path) -> None:
    """PostgreSQL's JSON holds no NaN."""
    folder = model_folder(tmp_path / "model", evaluation={"accuracy": float("nan"), "r1": 0.5})
    entry = registry.push(db, store, folder)
    assert entry.facts["evaluation"] == {"accuracy": None, "r1": 0.5}
    assert entry.facts["labels"] == 2


def test_what_comes_first_and_fails_leaves_no_version(db: Database, store: MemoryStore, folder: Path) -> None:
    """A training whose claim was lost must not leave a model behind."""

    def lost(_: Connection, version: int) -> None:
        raise LostClaim(f"version {version}")

    with pytest.raises(LostClaim):
        registry.push(db, store, folder, first=lost)
    assert owned(db) == 0
    assert registry.push(db, store, folder).version == 1


def test_two_who_push_at_once_get_two_versions(db: Database, folder: Path) -> None:
    """Both found the same next version; the second tells its card the one after it."""
    together = threading.Barrier(2, timeout=10)
    puts = itertools.count()
    made: list[registry.Entry] = []

    class Meeting(MemoryStore):
        def put(self, name: str, data: bytes | BinaryIO, length: int | None = None) -> Stored:
            if next(puts) < 2 * 3:  # two files and a card each; what comes after is done alone
                together.wait()
            return super().put(name, data, length)

    store = Meeting()
    threads = [
        threading.Thread(target=lambda: made.append(registry.push(db, store, folder))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(entry.version for entry in made) == [1, 2]
    for entry in made:
        assert json.loads(registry.read_file(store, entry, "model.json"))["version"] == entry.version


def test_a_worker_reads_all_files_of_the_version_it_found_first(
    db: Database, store: MemoryStore, tmp_path: Path
) -> None:
    registry.push(db, store, model_folder(tmp_path / "one", fingerprint="1"))
    read = StoredModels(db, store)
    assert json.loads(read("bars/model.json") or b"")["fingerprint"] == "1"
    registry.push(db, store, model_folder(tmp_path / "two", fingerprint="2"))

    assert json.loads(read("bars/model.json") or b"")["fingerprint"] == "1"
    assert json.loads(read("bars@2/model.json") or b"")["fingerprint"] == "2"
    assert read("bars/model.onnx") == FILES["model.onnx"]
    assert read("bars/model.pth") is None
    assert read("nobody/model.json") is None
    assert read("resnet50.pth") is None
