"""Tables too large to be written anew: nothing counts as erased while one of them keeps old bytes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.db.tables import metadata
from tests.erasure_rig import ErasureRig
from tests.index_rig import Worker, unit
from workers.keeper.rounds import erasing

TITLE = "Title-in-a-table-that-is-too-large"


def deleted(rig: ErasureRig) -> tuple[Worker, str]:
    """A product that is hidden, and clean but for the database's freed space; its receipt."""
    rig.put_chunk([f"p{n}" for n in range(4)], [unit(n) for n in range(4)])
    rig.put("gone", unit(9), title=TITLE)
    worker = rig.worker("w1")
    worker.catch_up()
    receipt_id = rig.erase("gone")
    for _ in range(8):
        rig.turn(worker)
    assert rig.receipt(receipt_id).clean_at is not None
    return worker, receipt_id


def rewrite(rig: ErasureRig, *tables: str) -> None:
    """By the operator."""
    with rig.db.read() as c:
        for table in tables:
            c.execute(text(f"VACUUM (FULL) {table}"))


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> ErasureRig:
    rig = ErasureRig(database_url, tmp_path)
    rig.keeper = rig.new_keeper(scrub_up_to=0)
    return rig


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_second_date_comes_only_when_every_table_was_written_anew(
    rig: ErasureRig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger=erasing.__name__):
        _, receipt_id = deleted(rig)
    assert rig.files_with(TITLE.encode()), "a plain VACUUM leaves it in the holes of the pages"
    assert rig.receipt(receipt_id).erased_at is None
    assert len(caplog.records) == 1, "told once, not in every round"
    assert "products" in caplog.text
    names = [table.name for table in metadata.sorted_tables]
    rewrite(rig, *(name for name in names if name != "holdings"))
    erasing.run(rig.keeper)
    assert rig.receipt(receipt_id).erased_at is None, "one is still the same file"
    rewrite(rig, "holdings")
    erasing.run(rig.keeper)
    assert rig.receipt(receipt_id).erased_at is not None
    assert rig.files_with(TITLE.encode()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_overwrites_what_it_frees_whatever_its_size(
    rig: ErasureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.db.free_pages.SQLITE_WRITTEN_ANEW_UP_TO", 0)
    _, receipt_id = deleted(rig)
    assert rig.receipt(receipt_id).erased_at is not None
    assert rig.files_with(TITLE.encode()) == []
