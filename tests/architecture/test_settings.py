"""Every setting is described, and the READMEs' tables are those of the class."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.cli import settings_table
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("README*.md"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_documented_in_the_readme(name: str) -> None:
    documented = settings_table.section((ROOT / "README.md").read_text(encoding="utf-8"))
    assert f"| `TUSOU_{name.upper()}` |" in documented, "`make settings` writes it there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_settings_table_is_that_of_the_class(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if settings_table.BEGIN in text:
        assert settings_table.section(text) == settings_table.table(), "`make settings` brings it up to date"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_says_in_a_sentence_what_it_does(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert description.endswith("."), f"{name}: {description!r}"


def test_the_table_tells_no_default_of_a_secret_and_no_name_of_this_machine() -> None:
    rows = [row.split(" | ") for row in settings_table.table().splitlines()[2:]]
    defaults = {cells[0].strip("|` "): cells[1] for cells in rows}
    secret = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    assert secret
    assert {defaults[f"TUSOU_{name.upper()}"] for name in secret} == {""}
    assert defaults["TUSOU_PROCESS"] == "made at start"


def test_rewriting_a_page_changes_nothing_but_the_table() -> None:
    page = f"before\n{settings_table.BEGIN}\nold\n{settings_table.END}\nafter\n"
    written = settings_table.with_table(page)
    assert written.startswith("before\n")
    assert written.endswith("\nafter\n")
    assert settings_table.section(written) == settings_table.table()
    assert settings_table.with_table(written) == written


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no <!-- settings -->"):
        settings_table.with_table("no table here")
