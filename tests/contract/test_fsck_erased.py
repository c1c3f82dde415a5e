"""What was erased and is there: `fsck` names it, and its repair erases it as after a delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from shared.db.tables import counters, erasures, holdings, jobs, products
from shared.erasure.erased_list import Erased, ErasedList
from shared.erasure.receipts import ErasedKind
from shared.fsck.examine import examine
from shared.fsck.finding import Code, Finding
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.run import repair
from shared.vectors.codec import to_unit_f16
from tests.backup_rig import ShopRig
from tests.erasure_rig import ErasureRig
from tests.fsck_damage import change, erased_product_is_left, job, look, one
from tests.index_rig import unit


def listed(shop: Any, kind: ErasedKind, subject: str, **fields: Any) -> None:
    entry = {"tenant": "shop", "catalog": None, "accept_no": None, "at": shop.db.clock(), **fields}
    ErasedList(shop.store).add([Erased(kind=kind, id=subject, **entry)])


def told(shop: ShopRig) -> list[tuple[Code, str]]:
    return [(finding.code, finding.subject) for finding in look(shop)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, True),
        ({"tenant": "another"}, False),
        ({"catalog": "another"}, False),
        ({"accept_no": 1}, False),  # it was written again later
    ],
)
def test_a_product_that_the_list_names_is_not_there(
    shop: ShopRig, fields: dict[str, Any], found: bool
) -> None:
    last = one(shop, select(counters.c.value)).value
    change(shop, update(products).where(products.c.id == "p5").values(accepted_no=last))
    listed(shop, ErasedKind.PRODUCT, "p5", **{"catalog": "default", "accept_no": last, **fields})
    assert told(shop) == ([(Code.ERASED_BACK, "shop/p5")] if found else [])


@pytest.mark.parametrize(("state", "found"), [("succeeded", True), ("queued", True), ("expired", False)])
def test_a_job_that_the_list_names_is_not_there(shop: ShopRig, state: str, found: bool) -> None:
    ended = {} if state == "queued" else {"finished_at": 1.0, "expires_at": 1e12}
    emptied = {"request": {}, "outcome": None} if state == "expired" else {}
    job_id = job(shop, state=state, stage="embed", **ended, **emptied)
    listed(shop, ErasedKind.JOB, job_id)
    assert told(shop) == ([(Code.ERASED_BACK, f"shop/{job_id}")] if found else [])


def test_a_product_that_was_erased_is_in_no_segment_snapshot_or_entry(shop: ShopRig) -> None:
    assert look(shop) == [], "p3 waits for its erasure"
    erased_product_is_left(shop)
    assert told(shop) == [(Code.ERASED_LEFT, "shop/p3")]
    change(shop, update(erasures).values(subject="p3", erased_at=None))
    assert look(shop) == []


def test_a_vector_that_an_import_brought_too_late_was_never_erased(shop: ShopRig) -> None:
    """Nobody was promised anything: its product was never there."""
    change(shop, delete(erasures))
    for name in [name for name in shop.store.objects if name.startswith("erased/")]:
        del shop.store.objects[name]
    assert look(shop) == []


def test_a_holding_without_a_segment_would_hold_an_erasure_up(shop: ShopRig) -> None:
    gone = {"object": "segments/2023111422/shop/01HF7YAT00AAAAAAAAAAAAAAAA", "tenant": "shop"}
    change(shop, insert(holdings).values(**gone, product_id="p3"))
    assert told(shop) == [(Code.HOLDING_STRAY, gone["object"])]


def test_what_fsck_finds_left_is_erased_to_the_last_byte(database_url: str, tmp_path: Path) -> None:
    """The database was restored without its list: it says that the product is erased, and holds it all."""
    rig = ErasureRig(database_url, tmp_path)
    worker = rig.worker()
    secret, other = unit(1), unit(2)
    photo = b"a photo that nobody is to see again " * 20
    rig.put_chunk(["p", "q"], [secret, other])
    rig.photo("p", photo)
    worker.catch_up()
    assert worker.seal()
    worker.catch_up()
    receipt = rig.erase("p")
    change(rig, update(erasures).values(subject=None, erased_at=1.0, clean_at=1.0, begun_at=1.0))
    needles = (photo, to_unit_f16(secret).tobytes())
    assert rig.files_with(*needles)

    (found,) = [finding for finding in look_at(rig) if finding.code is Code.ERASED_LEFT]
    assert found.subject == "shop/p"
    repair(Repairs(rig.db, rig.store, "g1", 60.0), [found])
    with rig.db.read() as c:
        query = select(erasures.c.id).where(erasures.c.erased_at.is_(None))
        again = c.execute(query).scalar_one()
    assert again != receipt
    rig.turn_until_erased(again, worker)
    assert rig.files_with(*needles) == []
    assert Code.ERASED_LEFT not in {finding.code for finding in look_at(rig)}
    with rig.db.read() as c:
        assert c.execute(select(jobs)).all() == []


def look_at(rig: ErasureRig) -> list[Finding]:
    return examine(rig.db, rig.store, listed=ErasedList(rig.store).entries(), again_after=0)
