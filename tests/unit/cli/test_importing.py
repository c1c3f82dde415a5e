"""When an import counts as done for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from services.cli import importing
from services.cli.client import Client
from services.cli.importing import did_something


def ended(state: str, rows: int, bad_rows: int) -> dict[str, Any]:
    return {"state": state, "result": {"rows": rows, "bad_rows": bad_rows}}


@pytest.mark.parametrize(
    ("job", "done"),
    [
        (ended("succeeded", 3, 1), True),
        (ended("succeeded", 0, 0), True),
        (ended("succeeded", 0, 1), False),
        (ended("succeeded", 3, 3), False),
        ({"state": "failed", "result": None}, False),
    ],
)
def test_an_import_of_which_no_row_could_be_read_is_no_success(job: dict[str, Any], done: bool) -> None:
    assert did_something(job) is done


class Importing:
    """A gateway whose import is seen in these states, 6 s apart."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *states: dict[str, Any]) -> None:
        self._states = states
        self._at = 0.0
        monkeypatch.setattr(importing, "monotonic", lambda: self._at)

    def start_import(self, _manifest: Path) -> dict[str, Any]:
        return {}

    def follow(self, _job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for progress in self._states:
            yield {"progress": progress}
            self._at += 6.0


def test_an_import_without_a_terminal_says_so_often_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = {"planned": True, "rows": 900, "rows_done": 256, "bad_rows": 2}
    states = ({}, {"planned": False}, {"planned": False}, planned, planned, {**planned, "rows_done": 512})
    importing.run(cast(Client, Importing(monkeypatch, *states)), Path("a.csv"))
    assert capsys.readouterr().err.splitlines() == ["reading the manifest", "256 of 900 rows, 2 bad"]
    importing.run(cast(Client, Importing(monkeypatch, *states)), Path("a.csv"), quiet=True)
    assert capsys.readouterr().err == ""


class Errors:
    """A gateway with one bad row."""

    def first_lines(self, path: str, _most: int) -> list[str]:
        assert path == "/v1/imports/J/errors"
        return ['{"line": 1, "detail": "no column is named id (cells between commas)"}']


def test_an_import_that_could_not_be_read_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "manifest_unreadable", "detail": "no product could be read"}
    importing.tell(cast(Client, Errors()), {"id": "J", "state": "failed", "error": error})
    assert "line 1: no column is named id (cells between commas)" in capsys.readouterr().err
    other = {"code": "object_missing", "detail": "there is no such object"}
    importing.tell(cast(Client, Errors()), {"id": "other", "state": "failed", "error": other})
