"""What `fsck` takes for a fault in rows of products, jobs, groups and numbers, met and just not met."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, insert, select, update

from shared.db.engine import now
from shared.db.tables import (
    counters,
    explanations,
    idempotency,
    images,
    indexes,
    jobs,
    metadata,
    parts,
    placements,
    products,
    replicas,
    shards,
)
from shared.fsck.finding import Code
from shared.fsck.products import NUMBERED
from tests.backup_rig import ShopRig
from tests.fsck_damage import EXPIRED, OLD, change, job, look, mend, one, single

EMPTY = {"state": "expired", "request": {}, "outcome": None}


def told(shop: ShopRig) -> list[tuple[Code, str]]:
    return [(finding.code, finding.subject) for finding in look(shop)]


def mended(shop: ShopRig) -> None:
    mend(shop)
    assert look(shop) == []


# products


@pytest.mark.parametrize(
    ("product", "values", "lives"),
    [
        ("p1", {"deleted_at": 1.0}, True),  # a keeper's round would take it for a tombstone
        ("p3", {"deleted_at": None}, False),
        ("p3", {"attributes": {"title": "a secret"}}, False),
        ("p1", {"accepted_no": 0}, True),
        ("p1", {"orders": {"title": [10**6, 0]}}, True),
        ("p1", {"images_order": [10**6, 3]}, True),
    ],
)
def test_a_product_that_cannot_be_is_told_and_made_what_its_delete_says(
    shop: ShopRig, product: str, values: dict[str, Any], lives: bool
) -> None:
    change(shop, update(counters).values(value=10**6))
    change(shop, update(products).where(products.c.id == product).values(**values))
    assert told(shop) == [(Code.PRODUCT_IMPOSSIBLE, f"shop/{product}")]
    mended(shop)
    row = one(shop, select(products).where(products.c.id == product))
    assert (row.deleted_no is None) == (row.deleted_at is None) == lives
    assert lives or row.attributes == {}


@pytest.mark.parametrize("column", NUMBERED, ids=str)
def test_the_next_number_is_greater_than_any_that_was_given_out(shop: ShopRig, column: Column[Any]) -> None:
    value = one(shop, select(counters.c.value)).value
    beyond = value + 5
    table: Any = column.table
    if table is jobs:
        job(shop)
    if table is idempotency:
        values = {"tenant": "shop", "route": "purge", "key": "k", "body_hash": "0" * 64, "created_at": now()}
        change(shop, insert(idempotency).values(**values))
    where = {products: products.c.id == "p3", images: images.c.id == single(shop).id}.get(table)
    statement = update(table) if where is None else update(table).where(where)
    also = {"accepted_no": beyond} if column is products.c.deleted_no else {}
    change(shop, statement.values({column.name: beyond, **also}))
    assert told(shop) == [(Code.COUNTER_BEHIND, "accept")]
    mended(shop)
    assert one(shop, select(counters.c.value)).value == beyond


def test_every_column_that_keeps_such_a_number_is_asked() -> None:
    names = {"accept_no", "accepted_no", "deleted_no", "replaced_no"}
    columns = {column for table in metadata.tables.values() for column in table.columns}
    assert {column for column in columns if column.name in names} == set(NUMBERED)


@pytest.mark.parametrize("being_written", [False, True])
def test_an_image_without_a_picture_is_told_unless_it_is_being_made(
    shop: ShopRig, being_written: bool
) -> None:
    image = single(shop)
    with shop.db.write() as c:
        c.execute(update(images).where(images.c.id == image.id).values(normalised=None, source="upload:gone"))
    gone = [(Code.OWNER_UNNAMED, image.normalised)]
    if being_written:
        job(shop, kind="product", stage="embed_write", product_id=image.product_id, state="queued")
    found = [finding for finding in told(shop) if finding not in gone]
    assert found == ([] if being_written else [(Code.IMAGE_PICTURE, image.id)])
    if not being_written:
        assert [what for _, what in mend(shop)] == [None], "its source is gone, too"


@pytest.mark.parametrize(
    ("values", "found"),
    [({}, True), ({"created_at": None}, False), ({"expires_at": 1e12}, False), ({"product_id": "p1"}, False)],
)
def test_a_photo_that_nothing_would_end_is_told(shop: ShopRig, values: dict[str, Any], found: bool) -> None:
    row = {"id": "photo", "tenant": "shop", "state": "rejected", "created_at": OLD, **values}
    if row["created_at"] is None:
        row["created_at"] = shop.db.clock() - 3000
    change(shop, insert(images).values(**row))
    assert told(shop) == ([(Code.PHOTO_KEPT, "photo")] if found else [])
    mended(shop)
    assert not found or one(shop, select(images.c.expires_at).where(images.c.id == "photo")).expires_at > OLD


# jobs


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, False),
        ({"request": {"limit": 1}}, True),
        ({"outcome": b"vectors"}, True),
        ({"result": {"items": []}}, True),
        ({"error": {"code": "x"}}, True),
        ({"reasons": [{"code": "x"}]}, True),
        ({"progress": {"rows": 1}}, True),
        ({"product_id": "p1"}, True),
    ],
)
def test_a_job_past_its_time_holds_nothing(shop: ShopRig, values: dict[str, Any], found: bool) -> None:
    job_id = job(shop, **{**EXPIRED, **EMPTY, **values})
    assert told(shop) == ([(Code.JOB_KEPT, job_id)] if found else [])
    mended(shop)
    row = one(shop, select(jobs).where(jobs.c.id == job_id))
    assert (row.request, row.outcome, row.result, row.product_id) == ({}, None, None, None)


def test_a_part_of_a_job_past_its_time_is_held_by_it(shop: ShopRig) -> None:
    job_id = job(shop, **EXPIRED, **{"request": {}, "outcome": None})
    change(shop, insert(parts).values(job_id=job_id, group="g1", body={"hits": ["p1"]}))
    assert told(shop) == [(Code.JOB_KEPT, job_id)]
    mended(shop)
    with shop.db.read() as c:
        assert c.execute(select(parts)).all() == []


@pytest.mark.parametrize(
    ("maker", "found"),
    [
        (None, True),
        ({"state": "queued", "stage": "explain"}, False),
        ({"state": "failed", "finished_at": 1.0, "expires_at": 1e12}, False),
        ({"state": "succeeded", "finished_at": 1.0, "expires_at": 1e12}, True),
    ],
)
def test_an_explanation_that_no_job_makes_is_told(
    shop: ShopRig, maker: dict[str, Any] | None, found: bool
) -> None:
    made_by = "gone" if maker is None else job(shop, kind="explanation", **maker)
    search = job(shop)
    row = {"item": 0, "hit": 1, "made_by": made_by, "query_image": "q", "result_image": "r"}
    change(shop, insert(explanations).values(job_id=search, **row))
    assert told(shop) == ([(Code.EXPLANATION_STUCK, f"{search}/0/1")] if found else [])
    mended(shop)
    with shop.db.read() as c:
        assert bool(c.execute(select(explanations)).all()) is not found


# shards and groups


@pytest.mark.parametrize("name", ["sealed_seq", "renew_seq", "purge_seq", "sealed_rows_logged"])
def test_no_number_of_a_shard_is_beyond_its_log(shop: ShopRig, name: str) -> None:
    row = one(shop, select(shards).where(shards.c.shard == 1))
    end = row.rows_logged if name == "sealed_rows_logged" else row.seq
    here = update(shards).where(shards.c.shard == 1)
    change(shop, here.values({name: end}))
    assert look(shop) == []
    change(shop, here.values({name: end + 1}))
    assert told(shop) == [(Code.SHARD_NUMBERS, shop_shard(shop, 1))]
    mended(shop)
    after = one(shop, select(shards).where(shards.c.shard == 1))
    assert getattr(after, name) == end
    assert after.seal_wanted


def shop_shard(shop: ShopRig, number: int) -> str:
    return f"{shop.index.id}/{number}"


@pytest.mark.parametrize(
    ("seen", "index_age_s", "found"),
    [
        ({"g1": 0.0}, 7200.0, True),
        ({}, 7200.0, False),  # all is stopped
        ({"g1": 600.0}, 7200.0, False),
        ({"g1": 0.0, "gone": 3000.0}, 7200.0, False),  # it may be back
        ({"g1": 0.0, "gone": 4000.0}, 7200.0, True),
        ({"g1": 0.0}, 60.0, False),  # it is only starting
    ],
)
def test_a_group_that_is_gone_is_told_while_others_are_served(
    shop: ShopRig, seen: dict[str, float], index_age_s: float, found: bool
) -> None:
    for group, ago in seen.items():
        values = {"process": group, "group": group, "state": {}, "seen_at": now() - ago}
        change(shop, insert(replicas).values(**values))
    change(shop, update(indexes).values(created_at=now() - index_age_s))
    change(shop, update(placements).where(placements.c.shard == 1).values(group="gone"))
    assert told(shop) == ([(Code.PLACEMENT_ABSENT, shop_shard(shop, 1))] if found else [])
    mended(shop)
    place = one(shop, select(placements.c.group).where(placements.c.shard == 1))
    assert place.group == ("g1" if found else "gone")


def test_of_two_live_indexes_the_one_that_went_live_last_stays(shop: ShopRig) -> None:
    row = one(shop, select(indexes))._mapping
    change(shop, insert(indexes).values({**row, "id": "0-older", "live_at": row["live_at"] - 60}))
    change(shop, insert(indexes).values({**row, "id": "zz-never", "live_at": None}))
    assert (Code.INDEX_TWICE, "shop/default") in told(shop)
    mended(shop)
    with shop.db.read() as c:
        states = {row.id: row.state for row in c.execute(select(indexes))}
    assert states == {shop.index.id: "live", "0-older": "retired", "zz-never": "retired"}
