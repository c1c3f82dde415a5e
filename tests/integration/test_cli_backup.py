"""`tusou backup`, `restore` and `fsck` as an engineer calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.trouble import Trouble
from shared.errors import TusouError
from shared.storage.folder import FolderStore
from tests.backup_rig import ShopRig

Tusou = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUSOU_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def shop(home: Path, tmp_path: Path) -> ShopRig:
    rig = ShopRig(f"sqlite:///{home / 'tusou.db'}", tmp_path)
    rig.store = FolderStore(home / "objects")
    rig.store.ensure()
    rig.fill()
    return rig


@pytest.fixture
def tusou(home: Path) -> Tusou:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return call


def test_a_home_is_backed_up_and_restored_into_another(
    shop: ShopRig, tusou: Tusou, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tusou("backup", str(tmp_path / "backups"))
    assert done.exit_code == 0, done.output
    assert "copied 51" in done.output
    monkeypatch.setenv("TUSOU_BACKUP_URL", (tmp_path / "backups").as_uri())
    assert "copied 0" in tusou("backup").output
    listed = tusou("restore", "--list")
    assert listed.output.count("0003") >= 2
    monkeypatch.setenv("TUSOU_HOME", str(tmp_path / "other"))
    restored = tusou("restore")
    assert restored.exit_code == 0, restored.output
    assert tusou("fsck").output.strip() == "database, objects and index agree"


def test_a_restore_over_something_says_what_it_would_replace(
    shop: ShopRig, tusou: Tusou, tmp_path: Path
) -> None:
    tusou("backup", str(tmp_path / "backups"))
    refused = tusou("restore", str(tmp_path / "backups"))
    assert isinstance(refused.exception, TusouError)
    assert "26 products" in refused.exception.detail
    forced = tusou("restore", str(tmp_path / "backups"), "--force")
    assert (forced.exit_code, "replacing 26 products" in forced.output) == (0, True), forced.output


def test_a_backup_needs_a_place_that_is_not_the_deployment_itself(
    shop: ShopRig, home: Path, tusou: Tusou
) -> None:
    assert isinstance(tusou("backup").exception, Trouble)
    assert isinstance(tusou("backup", str(home / "objects")).exception, Trouble)


def test_a_backup_without_some_objects_fails_and_is_kept(shop: ShopRig, tusou: Tusou, tmp_path: Path) -> None:
    name = next(iter(shop.store.list("thumbnails/")))
    shop.store.delete(name)
    done = tusou("backup", str(tmp_path / "backups"))
    assert isinstance(done.exception, Trouble)
    assert name in done.output.replace("\n", "")


def test_fsck_ends_with_0_1_or_2(shop: ShopRig, home: Path, tusou: Tusou) -> None:
    assert tusou("fsck").exit_code == 0
    name = next(iter(shop.store.list("thumbnails/")))
    shop.store.delete(name)
    found = tusou("fsck", "--json")
    assert found.exit_code == 1
    (told,) = json.loads(found.stdout)["findings"]
    assert (told["code"], told["subject"], told["done"]) == ("object_missing", name, None)
    mended = tusou("fsck", "--repair", "--json")
    (told,) = json.loads(mended.stdout)["findings"]
    assert (mended.exit_code, told["done"]) == (0, "its image does without a thumbnail")
    assert tusou("fsck").exit_code == 0
    (home / "objects").rename(home / "elsewhere")
    assert tusou("fsck").exit_code == 2
