"""`fsck` names every inconsistency, and its repair leaves none of those that can be mended."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Row, Table, select

from shared.db.tables import images, jobs, log
from shared.fsck.blocks import read_ids
from shared.fsck.finding import Code
from shared.fsck.meanings import MEANINGS
from shared.vectors.codec import decode_block
from tests.backup_rig import ShopRig
from tests.fsck_damage import DAMAGES, flip, from_chunk, look, lose, mend, single
from tests.index_rig import DIM, MODEL, Worker, unit

# What cannot be made from what is left.
NOT_MENDED = {Code.INDEX_MISSING, Code.ERASED_LIST, Code.LOOK_FAILED}


def answers(shop: ShopRig, name: str = "fresh") -> list[list[str]]:
    """What a new index worker, that has nothing but SQL and objects, answers to products' own vectors."""
    worker = shop.worker(name)
    worker.catch_up()
    return asked(worker)


def asked(worker: Worker) -> list[list[str]]:
    return [worker.find(unit(n), limit=3) for n in range(0, 26, 4)]


def test_a_whole_shop_has_no_finding(shop: ShopRig) -> None:
    assert look(shop) == []


def test_every_code_says_what_it_means_and_has_a_damage_here() -> None:
    assert set(MEANINGS) == set(DAMAGES) == set(Code)


@pytest.mark.parametrize("code", list(Code))
def test_every_damage_is_found_by_its_name_and_mended(any_shop: ShopRig, code: Code) -> None:
    shop = any_shop
    DAMAGES[code](shop)
    assert code in {finding.code for finding in look(shop)}
    mend(shop)
    left = {finding.code for finding in look(shop)}
    assert left == ({code} if code in NOT_MENDED else set())
    found = answers(shop)
    assert [first for first, *_ in found if first.startswith("p")], "nothing is found any more"


@pytest.mark.parametrize(
    "code",
    [
        Code.LOG_GAP,
        Code.LOG_CHAIN,
        Code.LOG_DIGEST,
        Code.SNAPSHOT_BAD,
        Code.VECTOR_DUPLICATE,
        Code.VECTOR_PHANTOM,
        Code.SHARD_NUMBERS,
        Code.SHARD_STRAY,
        Code.INDEX_TWICE,
        Code.SHARD_MISSING,
        Code.PLACEMENT_MISSING,
        Code.OWNER_MISSING,
    ],
)
def test_after_a_repair_of_the_index_every_answer_is_as_before(shop: ShopRig, code: Code) -> None:
    before = answers(shop)
    running = shop.worker("running")
    running.catch_up()
    DAMAGES[code](shop)
    mend(shop)
    assert answers(shop, "another") == before
    # A worker that ran all the time notices that the history is another one.
    running.catch_up()
    running.later(60)
    assert asked(running) == before


def test_a_lost_segment_costs_no_image(shop: ShopRig) -> None:
    """Its products are written again, from the pictures that are stored."""
    kept = {image.id for image in rows(shop, images)}
    lose(shop, from_chunk(shop).segment)
    mend(shop)
    assert {image.id for image in rows(shop, images)} == kept
    writes = [job for job in rows(shop, jobs) if job.kind == "product" and job.state == "queued"]
    asked = [item for job in writes for item in job.request["images"]]
    assert len(writes) == 19  # p0 to p19 without p3, which was deleted
    assert all(item["picture"] == item["replaces"] for item in asked)


def test_an_image_of_which_nothing_is_left_is_dropped_and_the_shard_loads_without_it(shop: ShopRig) -> None:
    image = single(shop)
    with shop.db.write() as c:
        c.execute(images.update().where(images.c.id == image.id).values(vector=None, source="upload:gone"))
    lose(shop, image.normalised)
    mend(shop)
    assert look(shop) == []
    assert image.id not in {row.id for row in rows(shop, images)}
    answers(shop)


def test_a_picture_that_is_left_nowhere_is_told_and_its_vector_kept(shop: ShopRig) -> None:
    image = single(shop)
    with shop.db.write() as c:
        c.execute(images.update().where(images.c.id == image.id).values(source="upload:gone"))
    flip(shop, image.normalised)
    before = answers(shop)
    assert [what for finding, what in mend(shop) if finding.code is Code.OBJECT_DAMAGED] == [None]
    assert answers(shop, "another") == before


def test_quick_reads_no_bytes(shop: ShopRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> bytes:
        raise AssertionError("an object was read")

    for name in ("get", "get_range", "fetch_to"):
        monkeypatch.setattr(shop.store, name, read)
    assert look(shop, quick=True) == []


def test_ids_are_read_without_numpy_as_the_codec_reads_them(shop: ShopRig) -> None:
    blocks = [bytes(entry.inline) for entry in rows(shop, log) if entry.inline]
    assert blocks
    for block in blocks:
        told, ids = decode_block(block, fingerprint=MODEL, dim=DIM), read_ids(block)
        assert (ids.fingerprint, ids.dim) == (MODEL, DIM)
        assert ids.rows == list(zip(told.product_ids, told.image_ids, told.items.tolist(), strict=True))


def rows(shop: ShopRig, table: Table) -> list[Row[Any]]:
    with shop.db.read() as c:
        return list(c.execute(select(table)))
