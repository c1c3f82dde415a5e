"""A setting that names no database or store is a sentence that names the setting."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.cli.parts import open_database, open_existing, open_migrated, open_objects
from services.cli.trouble import Trouble
from shared.errors import SchemaOutdated
from shared.settings import Settings


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "sqlite:///", "postgresql://h:port/x"])
def test_what_is_no_address_of_a_database_names_the_setting(url: str) -> None:
    # What is no URL at all is refused when the settings are read, the rest when it is opened.
    with pytest.raises((Trouble, ValidationError), match=r"TUSOU_DATABASE_URL|database_url"):
        open_database(Settings(database_url=url))


def test_a_driver_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "shared.db.frozen", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Trouble, match=r"psycopg.*\.\[postgres\]"):
        open_database(Settings(database_url="postgresql+psycopg://u:p@127.0.0.1:1/x"))


@pytest.mark.parametrize("url", ["nonsense", "s3://x"])
def test_what_is_no_address_of_a_store_names_the_setting(url: str) -> None:
    with pytest.raises(Trouble, match="TUSOU_OBJECT_STORE_URL"):
        open_objects(Settings(object_store_url=url))


def test_an_empty_home_is_told_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=f"no deployment in {tmp_path}"):
        open_existing(Settings(home=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_a_schema_says_to_migrate(tmp_path: Path) -> None:
    (tmp_path / "tusou.db").touch()
    with pytest.raises(SchemaOutdated, match="tusou migrate"):
        open_migrated(Settings(home=tmp_path))


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    with pytest.raises(Trouble, match="folder cannot be used"):
        open_database(Settings(home=home))
