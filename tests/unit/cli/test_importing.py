"""When an import counts as done for whoever waits for it."""

from __future__ import annotations

from typing import Any

import pytest

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
