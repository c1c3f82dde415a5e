"""What a `replace` import drops is erased as after a delete of its own; on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from shared.catalog import burial
from shared.db.engine import Database
from shared.db.tables import erasures
from shared.jobs.job import iso
from shared.vectors.codec import to_unit_f16
from tests.erasure_rig import ErasureRig
from tests.index_rig import Worker, unit
from workers.keeper.erasure import subjects
from workers.keeper.rounds import erasing

TITLE = "Title-that-only-a-dropped-one-has"
DROPPED = tuple(f"p{n}" for n in range(5, 12))


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> ErasureRig:
    return ErasureRig(database_url, tmp_path, shard_count=2)


def stocked(rig: ErasureRig) -> Worker:
    """p0 to p10 in two segments, p11 written singly with a title; sealed, and found by a search."""
    rig.put_chunk([f"p{n}" for n in range(6)], [unit(n) for n in range(6)])
    rig.put_chunk([f"p{n}" for n in range(6, 11)], [unit(n) for n in range(6, 11)])
    rig.put("p11", unit(11), title=TITLE)
    worker = rig.worker("w1")
    worker.catch_up()
    assert worker.seal()
    worker.catch_up()
    for n in range(12):
        rig.photo(f"p{n}", photo(n))
    return worker


def photo(n: int) -> bytes:
    return b"the photo of p%d." % n * 4


def traces(n: int) -> tuple[bytes, ...]:
    return (to_unit_f16(unit(n)).tobytes(), photo(n))


def receipts(rig: ErasureRig) -> list[Row[Any]]:
    with rig.db.read() as c:
        return list(c.execute(select(erasures).order_by(erasures.c.subject)))


def turn_until_all_erased(rig: ErasureRig, worker: Worker) -> None:
    for receipt in receipts(rig):
        rig.turn_until_erased(receipt.id, worker)


def check_only_the_named_are_left(rig: ErasureRig, worker: Worker) -> None:
    gone = [needle for n in range(5, 12) for needle in traces(n)]
    assert rig.files_with(TITLE.encode(), *gone) == []
    for n in range(5):
        assert all(rig.files_with(needle) for needle in traces(n)), "and what the manifest names stays"
        assert worker.find(unit(n), store=False)[0] == f"p{n}"
    assert worker.rows() == 5


def test_nothing_of_a_dropped_product_is_left_by_the_time_the_import_names(rig: ErasureRig) -> None:
    worker = stocked(rig)
    shown = rig.job(unit(11))
    worker.answer(shown)
    result = rig.drop_all_but(*(f"p{n}" for n in range(5)))
    promised = receipts(rig)
    assert (result["deleted"], result["erase_by"]) == (7, iso(max(r.erase_by for r in promised)))
    assert {r.subject for r in promised} == {e.id for e in rig.keeper.erased.entries()} == set(DROPPED)
    turn_until_all_erased(rig, worker)
    check_only_the_named_are_left(rig, worker)
    hits = rig.row(shown).result["items"][0]["hits"]
    assert {hit["product"]["id"] for hit in hits} <= {f"p{n}" for n in range(5)}


def test_many_are_erased_in_small_transactions_and_the_database_is_seldom_scrubbed(
    rig: ErasureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = stocked(rig)
    monkeypatch.setattr(burial, "BATCH", 3)
    for module in (erasing, subjects):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(erasing, "TOGETHER", 3)
    scrubs: list[None] = []
    scrub = Database.scrub
    monkeypatch.setattr(Database, "scrub", lambda *of: (scrubs.append(None), scrub(*of))[1])
    assert rig.drop_all_but(*(f"p{n}" for n in range(5)))["deleted"] == 7
    turn_until_all_erased(rig, worker)
    check_only_the_named_are_left(rig, worker)
    assert len(scrubs) == 2, "for the one without a segment, then for all others"


def test_a_product_that_comes_back_after_it_was_dropped_stays(rig: ErasureRig) -> None:
    worker = stocked(rig)
    rig.drop_all_but(*(f"p{n}" for n in range(5)))
    rig.put("p7", unit(77))
    turn_until_all_erased(rig, worker)
    assert rig.files_with(*traces(7)) == []
    assert worker.find(unit(77), store=False)[0] == "p7"


def test_a_replace_that_drops_nothing_promises_nothing(rig: ErasureRig) -> None:
    stocked(rig)
    result = rig.drop_all_but(*(f"p{n}" for n in range(12)))
    assert (result["deleted"], result["erase_by"]) == (0, None)
    assert receipts(rig) == []
