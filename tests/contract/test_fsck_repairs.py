"""Each repair changes what it says, and nothing beside it: what was not damaged stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, delete, func, insert, select, update

from shared.db.engine import now
from shared.db.tables import (
    artefacts,
    catalogs,
    chunks,
    explanations,
    holdings,
    images,
    imports,
    indexes,
    jobs,
    log,
    objects,
    parts,
    products,
    segments,
    shards,
    snapshots,
)
from shared.fsck.examine import examine
from shared.fsck.finding import Code, Finding
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.run import repair
from shared.fsck.repair.shards import drop_snapshots, renew
from shared.index import placement
from shared.index.log import EntryKind, next_chain
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from tests.backup_rig import ShopRig
from tests.fsck_damage import (
    an_import,
    change,
    flip,
    from_chunk,
    job,
    look,
    lose,
    mend,
    one,
    phantom_vector,
    single,
)
from tests.index_rig import unit


def rows(shop: ShopRig, table: Table, *where: Any) -> list[Any]:
    with shop.db.read() as c:
        return list(c.execute(select(table).where(*where)))


def repairs(shop: ShopRig) -> Repairs:
    return Repairs(shop.db, shop.store, "g1", 60.0)


def told(shop: ShopRig, code: Code, subject: str, **keys: Any) -> str | None:
    """What is done about this finding alone, whether it is true or was meanwhile settled."""
    ((_, done),) = repair(repairs(shop), [Finding(code, subject, "", keys)])
    return done


def owned(shop: ShopRig, kind: str = "images", data: bytes = b"x") -> Stored:
    stored: Stored = shop.store.put(new_name(kind, "shop", shop.db.clock()), data)
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
    return stored


def is_owned(shop: ShopRig, name: str) -> bool:
    return bool(rows(shop, objects, objects.c.name == name, objects.c.removed_at.is_(None)))


def shard_row(shop: ShopRig, shard: int) -> Any:
    (row,) = rows(shop, shards, shards.c.shard == shard)
    return row


def entries(shop: ShopRig, shard: int) -> list[Any]:
    return sorted(rows(shop, log, log.c.shard == shard), key=lambda entry: entry.seq)


def sealed_twice(shop: ShopRig) -> None:
    """A second snapshot of each shard, which names files of the first."""
    worker = shop.worker("sealer")
    worker.catch_up()
    assert worker.seal()


def asked_again(shop: ShopRig) -> dict[str, list[dict[str, Any]]]:
    """{product: the images of its new write}."""
    return {
        row.product_id: row.request["images"]
        for row in rows(shop, jobs, jobs.c.kind == "product", jobs.c.state == "queued")
    }


# a new history


@pytest.mark.parametrize("behind", ["the row", "the log", "neither"])
def test_a_new_history_begins_beyond_every_position_and_follows_none(shop: ShopRig, behind: str) -> None:
    before = shard_row(shop, 0)
    if behind == "the row":
        change(shop, update(shards).where(shards.c.shard == 0).values(seq=2))
    elif behind == "the log":
        change(shop, delete(log).where(log.c.shard == 0, log.c.seq > 2))
    with shop.db.write() as c:
        renew(c, shop.index.id, 0)
    after, (entry,) = shard_row(shop, 0), entries(shop, 0)
    assert entry.seq == after.seq == before.seq + 1
    assert after.trimmed_to == before.seq
    assert entry.chain == after.chain
    assert next_chain(before.chain, entry.digest) != entry.chain, "whoever held the end would follow it"
    assert (entry.kind, after.seal_wanted) == ("patch", True)
    assert rows(shop, snapshots, snapshots.c.shard == 0) == []


def test_a_new_history_of_one_shard_leaves_the_others_theirs(shop: ShopRig) -> None:
    def others() -> list[Any]:
        return [shard_row(shop, 1), entries(shop, 1), rows(shop, snapshots, snapshots.c.shard == 1)]

    (its,) = rows(shop, snapshots, snapshots.c.shard == 0)
    before = others()
    with shop.db.write() as c:
        renew(c, shop.index.id, 0)
    assert others() == before
    assert not any(is_owned(shop, stored["object"]) for stored in its.files.values())


def test_who_served_what_was_wrong_drops_it_when_the_history_is_new(shop: ShopRig) -> None:
    whole = shop.worker("whole")
    whole.catch_up()
    phantom_vector(shop)
    running = shop.worker("running")
    running.catch_up()
    assert running.rows() == whole.rows() + 1
    mend(shop)
    running.catch_up()
    running.later(60)
    assert running.rows() == whole.rows()


def test_of_two_snapshots_the_one_that_is_dropped_takes_only_its_own_files(shop: ShopRig) -> None:
    sealed_twice(shop)
    change(shop, update(shards).values(seal_wanted=False))
    newest, older = sorted(rows(shop, snapshots, snapshots.c.shard == 0), key=lambda row: -row.seq)
    named = [{stored["object"] for stored in row.files.values()} for row in (newest, older)]
    assert named[0] & named[1], "they share files"
    assert named[0] - named[1]
    with shop.db.write() as c:
        drop_snapshots(c, shop.index.id, 0, only=newest.id)
    assert [row.id for row in rows(shop, snapshots, snapshots.c.shard == 0)] == [older.id]
    assert all(is_owned(shop, name) for name in named[1])
    assert not any(is_owned(shop, name) for name in named[0] - named[1])
    assert [shard_row(shop, n).seal_wanted for n in (0, 1)] == [True, False]
    assert len(rows(shop, snapshots, snapshots.c.shard == 1)) == 2


def test_a_bad_snapshot_goes_and_the_good_one_of_its_shard_stays(shop: ShopRig) -> None:
    sealed_twice(shop)
    newest = one(shop, select(snapshots).order_by(snapshots.c.seq.desc()))
    kept = {row.id for row in rows(shop, snapshots)} - {newest.id}
    change(shop, update(snapshots).where(snapshots.c.id == newest.id).values(chain="f" * 16))
    mend(shop)
    assert {row.id for row in rows(shop, snapshots)} == kept


def test_a_lost_file_of_one_snapshot_leaves_the_others(shop: ShopRig) -> None:
    sealed_twice(shop)
    newest = one(shop, select(snapshots).order_by(snapshots.c.seq.desc()))
    others = [row for row in rows(shop, snapshots) if row.id != newest.id]
    theirs = {stored["object"] for row in others for stored in row.files.values()}
    lose(shop, next(s["object"] for s in newest.files.values() if s["object"] not in theirs))
    done = [what for finding, what in mend(shop) if finding.code is Code.OBJECT_MISSING]
    assert done == ["snapshots that name it were dropped; new ones are asked for"]
    assert {row.id for row in rows(shop, snapshots)} == {row.id for row in others}


# segments


def test_of_a_lost_segment_nothing_is_left_and_its_images_wait(shop: ShopRig) -> None:
    name = from_chunk(shop).segment
    its = {image.id for image in rows(shop, images, images.c.segment == name)}
    lose(shop, name)
    mend(shop)
    assert rows(shop, segments) == rows(shop, holdings) == []
    assert not [entry for n in (0, 1) for entry in entries(shop, n) if entry.body.get("object") == name]
    waiting = rows(shop, images, images.c.id.in_(its))
    assert {(i.fingerprint, i.segment, i.segment_row, i.vector) for i in waiting} == {(None,) * 4}
    assert all(image.normalised for image in waiting)
    assert not is_owned(shop, name)
    assert look(shop) == []


def test_a_lost_segment_without_parts_is_known_by_its_name(shop: ShopRig) -> None:
    name = from_chunk(shop).segment
    change(shop, delete(segments))
    lose(shop, name)
    assert "its images are embedded again" in (told(shop, Code.OBJECT_MISSING, name) or "")
    assert rows(shop, holdings) == []
    assert len(asked_again(shop)) == 19
    assert rows(shop, images, images.c.segment == name) == [], "they say no more where it was"


def test_a_bad_part_of_a_segment_costs_the_other_shard_nothing(shop: ShopRig) -> None:
    name = from_chunk(shop).segment
    before = [shard_row(shop, n) for n in (0, 1)]
    told(shop, Code.SEGMENT_RANGE, name, index_id=shop.index.id, shard=0)
    assert [part.shard for part in rows(shop, segments)] == [1]
    assert rows(shop, holdings)
    assert is_owned(shop, name)
    assert shard_row(shop, 0).chain != before[0].chain
    assert shard_row(shop, 1) == before[1]
    told(shop, Code.SEGMENT_RANGE, name, index_id=shop.index.id, shard=1)
    assert rows(shop, segments) == rows(shop, holdings) == []
    assert not is_owned(shop, name)


# objects


def test_an_object_that_got_its_owner_meanwhile_is_no_orphan(shop: ShopRig) -> None:
    stored = owned(shop)
    told(shop, Code.OBJECT_ORPHAN, stored.name)
    assert shop.store.size(stored.name) == stored.length


def test_without_its_thumbnail_an_image_stays(shop: ShopRig) -> None:
    image = single(shop)
    lose(shop, image.thumbnail)
    mend(shop)
    (after,) = rows(shop, images, images.c.id == image.id)
    assert after._mapping == {**image._mapping, "thumbnail": None}
    assert asked_again(shop) == {}


def test_an_upload_whose_picture_is_lost_is_dropped(shop: ShopRig) -> None:
    picture, small = owned(shop), owned(shop, "thumbnails")
    values = {"id": "u", "tenant": "shop", "state": "ready", "created_at": now()}
    change(shop, insert(images).values(normalised=picture.name, thumbnail=small.name, **values))
    lose(shop, picture.name)
    mend(shop)
    assert rows(shop, images, images.c.id == "u") == []
    assert not is_owned(shop, small.name)


def test_an_explanation_goes_with_one_of_its_pictures(shop: ShopRig) -> None:
    shown = [owned(shop, "explanations") for _ in range(4)]
    job_id = job(shop)
    for hit, (query, result) in enumerate((shown[:2], shown[2:]), 1):
        values = {"item": 0, "hit": hit, "made_by": job_id, "query_image": "q", "result_image": "r"}
        change(
            shop,
            insert(explanations).values(
                job_id=job_id, query_object=query.name, result_object=result.name, **values
            ),
        )
    lose(shop, shown[1].name)
    mend(shop)
    assert [row.hit for row in rows(shop, explanations)] == [2]
    assert [is_owned(shop, stored.name) for stored in shown] == [False, False, True, True]


def test_a_model_s_lost_file_is_told_and_stays_named(shop: ShopRig) -> None:
    stored = owned(shop, "models")
    files = {"net.onnx": {"object": stored.name, "sha256": stored.sha256, "length": stored.length}}
    values = {"name": "m", "version": 1, "fingerprint": "f" * 12, "facts": {}, "created_at": now()}
    change(shop, insert(artefacts).values(files=files, **values))
    lose(shop, stored.name)
    assert [what for _, what in mend(shop)] == [None]
    assert is_owned(shop, stored.name)


# jobs


@pytest.mark.parametrize("state", ["open", "running"])
def test_an_import_whose_rows_are_lost_ends_and_says_so(shop: ShopRig, state: str) -> None:
    job_id = an_import(shop)
    change(shop, update(chunks).values(state=state))
    lease = {"attempt": 4, "claimed_by": "dead", "lease_until": now() + 20, "due_at": now()}
    change(shop, update(jobs).where(jobs.c.id == job_id).values(**lease))
    name = one(shop, select(chunks.c.rows_object)).rows_object
    lose(shop, name)
    mend(shop)
    row = shop.row(job_id)
    assert (row.state, row.error["code"], row.error["retryable"]) == ("failed", "inconsistent", False)
    assert (row.attempt, row.claimed_by, row.lease_until, row.due_at) == (5, None, None, None)
    assert row.finished_at is not None
    assert row.finished_at < row.expires_at < row.finished_at + 61
    assert {chunk.state for chunk in rows(shop, chunks)} == {"closed"}


def test_rows_of_chunks_that_are_done_are_not_missed(shop: ShopRig) -> None:
    job_id = an_import(shop)
    change(shop, update(chunks).values(state="done"))
    name = one(shop, select(chunks.c.rows_object)).rows_object
    lose(shop, name)
    assert told(shop, Code.OBJECT_MISSING, name) == "nothing needs it: its owner row goes"
    assert shop.row(job_id).state == "running"


@pytest.mark.parametrize(("planned", "state"), [(False, "failed"), (True, "running")])
def test_a_manifest_is_needed_until_its_import_is_planned(shop: ShopRig, planned: bool, state: str) -> None:
    stored = owned(shop, "manifests")
    noted = [{"object": stored.name, "name": "a.csv", "format": "csv", "incoming": False}]
    job_id = an_import(shop)
    change(shop, update(imports).values(manifests=noted, planned=planned))
    told(shop, Code.OBJECT_MISSING, stored.name)
    assert shop.row(job_id).state == state


def test_an_import_that_has_ended_is_not_ended_again(shop: ShopRig) -> None:
    job_id = an_import(shop, state="succeeded")
    change(
        shop,
        update(jobs).where(jobs.c.id == job_id).values(finished_at=5.0, expires_at=1e12, result={"rows": 6}),
    )
    before = shop.row(job_id)
    told(shop, Code.IMPORT_MISSING, job_id)
    name = one(shop, select(chunks.c.rows_object)).rows_object
    assert told(shop, Code.OBJECT_MISSING, name) == "nothing needs it: its owner row goes"
    assert shop.row(job_id) == before


def test_a_finished_job_keeps_its_result_and_loses_its_lease(shop: ShopRig) -> None:
    lease = {"claimed_by": "dead", "lease_until": 5.0, "due_at": 5.0}
    result = {"state": "succeeded", "result": {"a": 1}}
    whole = job(shop, **result, **lease, finished_at=7.0, expires_at=1e12)
    without_times = job(shop, **result, **lease)
    mend(shop)
    for job_id in (whole, without_times):
        row = shop.row(job_id)
        assert (row.state, row.result, row.attempt, row.error) == ("succeeded", {"a": 1}, 1, None)
        assert (row.claimed_by, row.lease_until, row.due_at) == (None, None, None)
    assert (shop.row(whole).finished_at, shop.row(whole).expires_at) == (7.0, 1e12)
    made = shop.row(without_times)
    assert 7.0 < made.finished_at < made.expires_at < made.finished_at + 61


@pytest.mark.parametrize("meanwhile", [{"lease_until": 1e12}, {"state": "cancelled"}])
def test_a_stuck_job_that_somebody_took_or_ended_meanwhile_is_left_alone(
    shop: ShopRig, meanwhile: dict[str, Any]
) -> None:
    job_id = job(shop, due_at=None, **meanwhile)
    told(shop, Code.JOB_STUCK, job_id)
    assert shop.row(job_id).due_at is None


def test_chunks_of_an_import_that_goes_on_again_stay_open(shop: ShopRig) -> None:
    job_id = an_import(shop)
    told(shop, Code.CHUNK_LEFT, f"{job_id}/0", job=job_id)
    assert {chunk.state for chunk in rows(shop, chunks)} == {"open"}


def test_a_search_waits_for_the_parts_that_have_not_come(shop: ShopRig) -> None:
    job_id = job(shop, groups={"g1": [0], "g2": [1]}, parts_left=2)
    change(shop, insert(parts).values(job_id=job_id, group="g1", body={}))
    assert [finding.code for finding in look(shop)] == [Code.PART_COUNT]
    mend(shop)
    assert shop.row(job_id).parts_left == 1
    change(shop, update(jobs).where(jobs.c.id == job_id).values(state="succeeded", parts_left=0))
    told(shop, Code.PART_COUNT, job_id)
    assert shop.row(job_id).parts_left == 0


# catalogues


def test_a_catalog_without_an_index_is_not_invented(shop: ShopRig) -> None:
    change(shop, delete(catalogs))
    change(shop, update(indexes).values(state="retired"))
    assert told(shop, Code.CATALOG_MISSING, "shop/default", tenant="shop", catalog="default") is None
    assert rows(shop, catalogs) == []


def test_an_image_whose_product_is_there_again_stays(shop: ShopRig) -> None:
    image = single(shop)
    keys = {"tenant": "shop", "image": image.id, "product": image.product_id}
    assert told(shop, Code.IMAGE_STRAY, image.id, **keys) == "its product is there again"
    assert rows(shop, images, images.c.id == image.id) == [image]


def test_a_stray_image_of_a_deleted_product_leaves_the_index_too(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(products).where(products.c.id == image.product_id).values(deleted_no=10**6))
    told(shop, Code.IMAGE_STRAY, image.id, tenant="shop", image=image.id, product=image.product_id)
    assert rows(shop, images, images.c.id == image.id) == []
    shard = placement.shard_of(image.product_id, shop.index.shards)
    assert entries(shop, shard)[-1].body["dropped"] == [image.id]


# vectors that are lost


def lost(shop: ShopRig, image: Any) -> str | None:
    keys = {"tenant": "shop", "product": image.product_id, "image": image.id}
    return told(shop, Code.VECTOR_LOST, image.id, **keys)


def test_a_vector_is_made_from_a_damaged_picture_s_source(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(images).where(images.c.id == image.id).values(vector=b"short"))
    flip(shop, image.normalised)
    mend(shop)
    (item,) = asked_again(shop)[image.product_id]
    assert item == {"source": image.source, "image_version": None, "replaces": image.id}
    (waiting,) = rows(shop, images, images.c.id == image.id)
    assert (waiting.normalised, waiting.vector) == (None, None)


@pytest.mark.parametrize("gone", ["removed", "without an owner"])
def test_a_picture_that_is_about_to_go_is_not_relied_on(shop: ShopRig, gone: str) -> None:
    image = single(shop)
    if gone == "removed":
        with shop.db.write() as c:
            owners.remove(c, [image.normalised])
    else:
        change(shop, delete(objects).where(objects.c.name == image.normalised))
    lost(shop, image)
    (item,) = asked_again(shop)[image.product_id]
    assert "picture" not in item


def test_a_product_that_is_deleted_is_not_written_again(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(products).where(products.c.id == image.product_id).values(deleted_no=10**6))
    lost(shop, image)
    assert asked_again(shop) == {}


def test_an_image_that_was_replaced_meanwhile_is_not_embedded_again(shop: ShopRig) -> None:
    image = single(shop)
    shop.put(image.product_id, unit(70))
    lost(shop, image)
    assert asked_again(shop) == {}


def test_without_an_index_the_other_products_are_still_mended(shop: ShopRig) -> None:
    image = single(shop)
    findings = [
        Finding(Code.VECTOR_LOST, one_id, "", {"tenant": "shop", "product": product, "image": one_id})
        for one_id, product in (("x", "a-bare"), (image.id, image.product_id))
    ]
    bare = {"tenant": "shop", "id": "a-bare", "catalog": "bare", "attributes": {}, "orders": {}}
    times = {"images_order": [1, 0], "accepted_no": 1, "created_at": 1.0, "updated_at": 1.0}
    change(shop, insert(products).values(**bare, **times))
    repair(repairs(shop), findings)
    assert asked_again(shop).keys() == {image.product_id}


def test_what_a_lost_image_s_neighbours_lack_is_no_reason_to_drop_them(shop: ShopRig) -> None:
    """The other one has no picture left either, and still its vector."""
    image = single(shop)
    values = {
        **image._mapping,
        "id": "neighbour",
        "source": "upload:gone",
        "normalised": None,
        "thumbnail": None,
    }
    change(shop, insert(images).values(**values))
    lost(shop, image)
    assert {row.id for row in rows(shop, images, images.c.product_id == image.product_id)} == {
        image.id,
        "neighbour",
    }
    assert [item["source"] for item in asked_again(shop)[image.product_id]] == [image.source, "upload:gone"]


def test_an_image_of_which_nothing_is_left_leaves_the_index_too(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(images).where(images.c.id == image.id).values(source="upload:gone", normalised=None))
    lost(shop, image)
    shard = placement.shard_of(image.product_id, shop.index.shards)
    last = entries(shop, shard)[-1]
    assert (last.kind, last.body["dropped"]) == (EntryKind.PATCH, [image.id])
    assert rows(shop, images, images.c.id == image.id) == []
    assert not is_owned(shop, image.thumbnail)
    assert asked_again(shop) == {}
    with shop.db.read() as c:
        assert c.execute(select(func.count()).select_from(jobs)).scalar_one() == 0
    assert Code.VECTOR_PHANTOM not in {f.code for f in examine(shop.db, shop.store, again_after=0)}
