"""What `fsck` takes for a fault and what not: each condition of each finding, met and just not met."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Column, Table, delete, func, insert, select, update

from shared.catalog import living
from shared.catalog.catalogs import ensure_of_model
from shared.catalog.filters import Filters
from shared.catalog.writes import accept_write
from shared.db.engine import now
from shared.db.tables import (
    artefacts,
    catalogs,
    chunks,
    counters,
    explanations,
    holdings,
    images,
    imports,
    indexes,
    jobs,
    log,
    objects,
    products,
    segments,
    shards,
    snapshots,
)
from shared.errors import ObjectCorrupt
from shared.fsck import index, naming, shard
from shared.fsck import objects as looked_at
from shared.fsck.blocks import read_ids
from shared.fsck.finding import Code, Finding
from shared.fsck.repair.shards import renew
from shared.index import placement
from shared.index.log import next_chain
from shared.storage import owners
from shared.storage.names import new_name
from shared.topology import LEARN
from tests.backup_rig import ShopRig
from tests.fsck_damage import (
    OLD,
    an_import,
    change,
    end_of,
    flip,
    foreign_segment,
    from_chunk,
    job,
    look,
    lose,
    mend,
    one,
    other_columns,
    single,
    this_entry,
)
from tests.index_rig import unit


def codes(shop: ShopRig) -> set[Code]:
    return {finding.code for finding in look(shop)}


def lost(shop: ShopRig) -> dict[str, str]:
    """{image: why its vector is lost}."""
    return {f.subject: f.detail.partition(": ")[2] for f in look(shop) if f.code is Code.VECTOR_LOST}


def rows(shop: ShopRig, table: Table, *where: Any) -> list[Any]:
    with shop.db.read() as c:
        return list(c.execute(select(table).where(*where)))


def of_image(shop: ShopRig, image: Any, **values: Any) -> None:
    change(shop, update(images).where(images.c.id == image.id).values(**values))


def seal(shop: ShopRig) -> None:
    worker = shop.worker("sealer")
    worker.catch_up()
    assert worker.seal()


# logs


def test_what_a_trim_left_is_not_read(shop: ShopRig) -> None:
    (its,) = rows(shop, snapshots, snapshots.c.shard == 0)
    change(shop, update(shards).where(shards.c.shard == 0).values(trimmed_to=its.seq))
    assert look(shop) == []


def test_a_trimmed_log_begins_where_its_snapshot_stands(shop: ShopRig) -> None:
    """A path that is whole in itself, and of another history than the snapshot before it."""
    seal(shop)
    seal_after(shop)
    here = one(shop, select(shards).where(shards.c.trimmed_to > 0))
    chain = "0" * 16
    for entry in sorted(rows(shop, log, log.c.shard == here.shard), key=lambda e: e.seq):
        if entry.seq > here.trimmed_to:
            chain = next_chain(chain, entry.digest)
            change(shop, update(log).where(*this_entry(entry)).values(chain=chain))
    change(shop, update(shards).where(shards.c.shard == here.shard).values(chain=chain))
    assert Code.LOG_CHAIN in codes(shop)


def seal_after(shop: ShopRig) -> None:
    """Two more entries for each shard, sealed, and two behind the seal."""
    for n in range(4):
        shop.put(f"more{n}", unit(60 + n))
    seal(shop)
    for n in range(4):
        shop.put(f"yet{n}", unit(70 + n))
    assert look(shop) == []


@pytest.mark.parametrize("says", ["another chain", "another seq"])
def test_a_log_ends_where_and_how_its_shard_says(shop: ShopRig, says: str) -> None:
    last = end_of(shop, "late")
    here = update(shards).where(shards.c.shard == last.shard)
    if says == "another chain":
        change(shop, here.values(chain="f" * 16))
    else:
        before = one(shop, select(log).where(log.c.shard == last.shard, log.c.seq == last.seq - 1))
        change(shop, delete(log).where(*this_entry(last)))
        change(shop, here.values(chain=before.chain))
    assert Code.LOG_END in codes(shop)


@pytest.mark.parametrize("looks", [[["x"], []], [[], ["x"]], [["x"], ["y"]]])
def test_what_is_seen_only_once_is_no_finding(
    shop: ShopRig, monkeypatch: pytest.MonkeyPatch, looks: list[list[str]]
) -> None:
    """An append, a compaction or a snapshot may have been in the middle."""
    told = {key: iter(looks) for key in shard.known(shop.db)}

    def glance(_db: Any, _store: Any, key: tuple[str, int], **_: Any) -> list[Finding]:
        return [Finding(Code.LOG_GAP, name, "") for name in next(told[key])]

    monkeypatch.setattr(index, "_look", glance)
    assert list(index.check(shop.db, shop.store, again_after=0)) == []


# segments and vectors


def test_every_image_of_a_lost_segment_is_told(shop: ShopRig) -> None:
    name = from_chunk(shop).segment
    its = {image.id for image in rows(shop, images, images.c.segment == name)}
    lose(shop, name)
    assert lost(shop) == dict.fromkeys(its, "its segment cannot be read")
    assert Code.VECTOR_MISSING not in codes(shop), "the snapshot holds them all the same"


def test_a_log_that_cannot_be_read_says_nothing_of_what_the_index_holds(shop: ShopRig) -> None:
    change(shop, delete(snapshots))
    lose(shop, from_chunk(shop).segment)
    assert Code.VECTOR_MISSING not in codes(shop)
    assert Code.VECTOR_PHANTOM not in codes(shop)


def test_a_trimmed_log_without_a_snapshot_says_nothing_of_what_the_index_holds(shop: ShopRig) -> None:
    for its in rows(shop, snapshots):
        change(shop, delete(log).where(log.c.shard == its.shard, log.c.seq <= its.seq))
        change(shop, update(shards).where(shards.c.shard == its.shard).values(trimmed_to=its.seq))
    change(shop, delete(snapshots))
    change(shop, update(objects).where(objects.c.name.like("snapshots/%")).values(removed_at=now()))
    assert look(shop) == []


def test_an_image_in_a_segment_of_another_model_is_lost(shop: ShopRig) -> None:
    image = from_chunk(shop)
    at = placement.shard_of(image.product_id, shop.index.shards)
    foreign_segment(shop)
    other = one(shop, select(segments).where(segments.c.object != image.segment))
    if other.shard != at:
        change(shop, update(segments).where(segments.c.object == other.object).values(shard=at))
    of_image(shop, image, segment=other.object)
    assert lost(shop) == {image.id: "its segment is of another model"}


def test_a_segment_of_another_number_of_rows_is_told(shop: ShopRig) -> None:
    change(shop, update(segments).values(rows=segments.c.rows + 1))
    assert Code.SEGMENT_FOREIGN in codes(shop)


def test_an_image_that_its_segment_does_not_hold_is_lost(shop: ShopRig) -> None:
    image = from_chunk(shop)
    shop.put_chunk([f"n{n}" for n in range(8)], np.stack([unit(80 + n) for n in range(8)]))
    other = one(shop, select(segments).where(segments.c.object != image.segment))
    of_image(shop, image, segment=other.object)
    assert lost(shop) == {image.id: "its segment does not hold it"}


def test_an_image_without_a_part_of_its_segment_is_lost(shop: ShopRig) -> None:
    its = {image.id for image in rows(shop, images, images.c.segment.is_not(None))}
    change(shop, delete(segments))
    assert lost(shop) == dict.fromkeys(its, "no part of its segment belongs to the shard")


def test_an_image_of_another_model_is_lost(shop: ShopRig) -> None:
    image = single(shop)
    of_image(shop, image, fingerprint="another")
    assert lost(shop) == {image.id: "it was embedded by model another"}


@pytest.mark.parametrize(
    ("state", "told"), [("queued", False), ("running", False), ("failed", True), (None, True)]
)
def test_an_image_without_a_vector_is_lost_unless_it_is_being_written(
    shop: ShopRig, state: str | None, told: bool
) -> None:
    image = single(shop)
    of_image(shop, image, fingerprint=None, vector=None)
    if state is not None:
        ended = {} if state != "failed" else {"finished_at": 1.0, "expires_at": 1e12, "lease_until": None}
        job(shop, kind="product", stage="embed_write", product_id=image.product_id, state=state, **ended)
    assert lost(shop) == ({image.id: "it was lost before"} if told else {})


def test_an_image_that_waits_for_its_vector_is_not_missed_in_the_index(shop: ShopRig) -> None:
    image = single(shop)
    with shop.db.write() as c:
        of_it = placement.shard_of(image.product_id, shop.index.shards)
        renew(c, shop.index.id, of_it)
    worker = shop.worker("from SQL")
    of_image(shop, image, fingerprint=None, vector=None)
    job(shop, kind="product", stage="embed_write", product_id=image.product_id, state="queued")
    worker.catch_up()
    assert worker.seal()
    assert look(shop) == []


def test_an_image_of_another_product_than_the_index_says_is_told(shop: ShopRig) -> None:
    image = single(shop)
    at = placement.shard_of(image.product_id, 2)
    other = next(
        row.id
        for row in rows(shop, products)
        if row.id != image.product_id and placement.shard_of(row.id, 2) == at
    )
    of_image(shop, image, product_id=other)
    assert Code.VECTOR_PHANTOM in codes(shop)


def test_dead_rows_of_sealed_segments_are_none(shop: ShopRig) -> None:
    seal(shop)
    for product_id in ("p1", "p21", "p22"):
        shop.delete(product_id)
    shop.put("p5", unit(90))  # another image in place of the first
    assert look(shop) == []
    seal(shop)
    assert look(shop) == []


def test_rows_that_an_append_left_out_are_none(shop: ShopRig) -> None:
    """Their product was deleted later than its chunk was accepted, and before it came."""
    newer = one(shop, select(counters.c.value)).value + 2
    change(shop, update(products).where(products.c.id == "p3").values(deleted_no=newer, accepted_no=newer))
    at = placement.shard_of("p3", 2)
    beside = next(f"n{n}" for n in range(99) if placement.shard_of(f"n{n}", 2) == at)
    shop.put_chunk(["p3", beside], np.stack([unit(91), unit(92)]))
    change(shop, update(counters).values(value=newer))
    assert one(shop, select(log).where(log.c.shard == at).order_by(log.c.seq.desc())).body["left_out"] == [0]
    assert look(shop) == []


def test_images_that_nothing_searches_for_are_not_missed(shop: ShopRig) -> None:
    change(
        shop,
        insert(images).values(
            id="judged", tenant="shop", product_id="p1", state="rejected", source="x", created_at=now()
        ),
    )
    change(shop, insert(images).values(id="upload", tenant="shop", state="new", created_at=now()))
    assert look(shop) == []


def test_a_tenant_s_other_catalog_is_another_s_matter(shop: ShopRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop.db.write() as c:
        ensure_of_model(
            c,
            shop.db,
            "shop",
            "other",
            model="fake",
            fingerprint=shop.fingerprint,
            dim=shop.dim,
            shard_count=2,
            default_group="g1",
        )
    assert look(shop) == []
    monkeypatch.setattr(shard, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(living, "PRODUCTS_AT_ONCE", 3)
    assert look(shop) == [], "whatever the size of a page"


def test_a_retired_index_is_not_looked_at(shop: ShopRig) -> None:
    change(shop, update(shards).values(chain="f" * 16))
    change(shop, update(indexes).values(state="retired"))
    assert {c for c in codes(shop) if c.startswith("log")} == set()


# snapshots


def test_every_file_of_a_snapshot_is_needed(shop: ShopRig) -> None:
    its = one(shop, select(snapshots))
    for stored in its.files.values():
        whole = shop.store.objects[stored["object"]]
        flip(shop, stored["object"])
        assert {Code.OBJECT_DAMAGED, Code.SNAPSHOT_BAD} <= codes(shop)
        shop.store.objects[stored["object"]] = whole
        lose(shop, stored["object"])
        found = index.check(shop.db, shop.store, again_after=0)
        assert Code.SNAPSHOT_BAD in {finding.code for finding in found}, "even if nobody read all objects"
        shop.store.objects[stored["object"]] = whole
    assert look(shop) == []


@pytest.mark.parametrize("what", ["ahead", "engine"])
def test_a_snapshot_ahead_of_its_log_or_of_an_unknown_engine_is_bad(shop: ShopRig, what: str) -> None:
    its = one(shop, select(snapshots))
    values = {"seq": 10**6} if what == "ahead" else {"manifest": {**its.manifest, "engine": "another"}}
    change(shop, update(snapshots).where(snapshots.c.id == its.id).values(**values))
    assert Code.SNAPSHOT_BAD in codes(shop)


def test_the_newest_good_snapshot_is_what_the_index_holds(shop: ShopRig) -> None:
    """An older one that holds an image twice is not asked."""
    seal(shop)
    older = one(shop, select(snapshots).order_by(snapshots.c.seq))
    manifest = json.loads(json.dumps(older.manifest))
    manifest["segments"] *= 2
    stored = older.files[manifest["alive"]]
    alive = shop.store.get(stored["object"], sha256=stored["sha256"], length=stored["length"]) * 2
    again = shop.store.put(new_name("snapshots", "shop", shop.db.clock()), alive)
    named = {"object": again.name, "sha256": again.sha256, "length": again.length}
    with shop.db.write() as c:
        owners.own(c, "shop", [again])
        owners.remove(c, [stored["object"]])
        c.execute(
            update(snapshots)
            .where(snapshots.c.id == older.id)
            .values(manifest=manifest, files={**older.files, manifest["alive"]: named})
        )
    assert Code.VECTOR_DUPLICATE not in codes(shop)


@pytest.mark.parametrize("at", ["its magic", "its end"])
def test_a_block_that_is_not_whole_is_refused(shop: ShopRig, at: str) -> None:
    (block, *_) = [bytes(entry.inline) for entry in rows(shop, log) if entry.inline]
    broken = b"X" + block[1:] if at == "its magic" else block + b"\0"
    read_ids(block)
    with pytest.raises(ObjectCorrupt):
        read_ids(broken)


# objects and who names them


def test_an_object_whose_owner_row_went_meanwhile_is_not_missed(
    shop: ShopRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = single(shop).thumbnail
    size = shop.store.size

    def late(asked: str) -> int | None:
        if asked != name:
            return size(asked)
        with shop.db.write() as c:
            owners.remove(c, [name])
        return None

    monkeypatch.setattr(shop.store, "size", late)
    assert list(looked_at.owned(shop.db, shop.store, quick=True)) == []


def test_what_is_marked_for_removal_is_not_missed_but_may_not_be_named(shop: ShopRig) -> None:
    name = single(shop).thumbnail
    with shop.db.write() as c:
        owners.remove(c, [name])
    lose(shop, name)
    assert [(f.code, f.subject) for f in look(shop)] == [(Code.OWNER_MISSING, name)]


def test_owners_are_looked_at_to_the_last(shop: ShopRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looked_at, "BATCH", 2)
    names = [row.name for row in rows(shop, objects)]
    lose(shop, max(names))
    found = looked_at.owned(shop.db, shop.store, quick=True)
    assert [finding.subject for finding in found] == [max(names)]


def test_an_orphan_is_told_when_its_hour_was_swept(shop: ShopRig) -> None:
    clock = shop.db.clock()
    fresh = [new_name("images", "shop", clock - age) for age in (0, 3600)]
    old = new_name("images", "shop", clock - 2 * 3600)
    for name in (*fresh, old):
        shop.store.put(name, b"nobody's")
    assert [(f.code, f.subject) for f in look(shop)] == [(Code.OBJECT_ORPHAN, old)]


def test_what_has_no_owner_by_design_is_no_orphan(shop: ShopRig) -> None:
    manifest = "0" * 64
    for name in (
        "incoming/shop/old/rows.csv",
        new_name("erased", hashlib.sha256(b"").hexdigest(), OLD),
        f"backups/01M8BQWNCN5D8NK628QAHQYA1H/manifest-{manifest}.json",
    ):
        shop.store.objects[name] = b""
    assert look(shop) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [({}, True), ({"expires_at": 1e12}, False), ({"created_at": None}, False), ({"removed_at": 1.0}, False)],
)
def test_an_owner_that_nothing_names_is_told_unless_it_comes_or_goes(
    shop: ShopRig, values: dict[str, Any], told: bool
) -> None:
    stored = shop.store.put(new_name("images", "shop", shop.db.clock()), b"x")
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
        made = {"created_at": OLD, **values}
        if made["created_at"] is None:
            made["created_at"] = now() - 3000
        c.execute(update(objects).where(objects.c.name == stored.name).values(**made))
    assert [f.code for f in look(shop)] == ([Code.OWNER_UNNAMED] if told else [])


def old_object(shop: ShopRig, kind: str) -> Any:
    stored = shop.store.put(new_name(kind, "shop", shop.db.clock()), b"x")
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
        c.execute(update(objects).where(objects.c.name == stored.name).values(created_at=OLD))
    return stored


def unnamed(shop: ShopRig) -> set[str]:
    return {f.subject for f in looked_at.names(shop.db) if f.code is Code.OWNER_UNNAMED}


COLUMNS = (
    images.c.upload,
    images.c.normalised,
    images.c.thumbnail,
    images.c.segment,
    explanations.c.query_object,
    explanations.c.result_object,
    chunks.c.rows_object,
    segments.c.object,
)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_column_that_names_an_object_keeps_it(shop: ShopRig, column: Column[Any]) -> None:
    assert set(COLUMNS) == set(naming.COLUMNS)
    stored = old_object(shop, "images")
    table: Any = column.table
    if table is chunks:
        an_import(shop)
    if table is explanations:
        values = {"item": 0, "hit": 1, "made_by": "x", "query_image": "q", "result_image": "r"}
        change(shop, insert(explanations).values(job_id=job(shop), **values))
    assert stored.name in unnamed(shop)
    if table is segments:
        values = {"index_id": shop.index.id, "shard": 0, "offset": 0, "length": 1, "rows": 0}
        change(shop, insert(segments).values(object=stored.name, sha256=stored.sha256, **values))
    else:
        change(shop, update(table).values({column.name: stored.name}))
    assert stored.name not in unnamed(shop)


def test_snapshots_models_manifests_and_the_log_keep_their_objects(shop: ShopRig) -> None:
    old = {kind: old_object(shop, kind) for kind in ("snapshots", "models", "manifests", "segments")}
    mine = old_object(shop, "manifests")
    assert unnamed(shop) == {*(stored.name for stored in old.values()), mine.name}

    def files(kind: str) -> dict[str, Any]:
        stored = old[kind]
        return {"a": {"object": stored.name, "sha256": stored.sha256, "length": stored.length}}

    its = one(shop, select(snapshots))
    change(
        shop,
        update(snapshots).where(snapshots.c.id == its.id).values(files={**its.files, **files("snapshots")}),
    )
    values = {"name": "m", "version": 1, "fingerprint": "f" * 12, "facts": {}, "created_at": now()}
    change(shop, insert(artefacts).values(files=files("models"), **values))
    an_import(shop)
    noted = [
        {"object": old["manifests"].name, "name": "a.csv", "format": "csv", "incoming": False},
        {"object": mine.name, "name": "a.csv", "format": "csv", "incoming": True},
    ]
    change(shop, update(imports).values(manifests=noted))
    entry = one(shop, select(log).where(log.c.kind == "segment"))
    body = {**entry.body, "object": old["segments"].name}
    change(shop, update(log).where(*this_entry(entry)).values(body=body))
    assert unnamed(shop) == {mine.name}, "what is the user's own is not ours to keep"


# catalogs and jobs


def test_a_catalog_needs_an_index_that_is_live(shop: ShopRig) -> None:
    change(shop, update(indexes).values(state="building"))
    assert Code.INDEX_MISSING in codes(shop)


def test_products_of_a_catalog_that_never_was_are_told(shop: ShopRig) -> None:
    change(shop, update(products).where(products.c.id == "p3").values(catalog="nowhere"))
    found = {f.code for f in look(shop) if f.subject == "shop/nowhere"}
    assert found == {Code.CATALOG_MISSING, Code.INDEX_MISSING}
    with shop.db.read() as c:
        assert c.execute(select(func.count()).select_from(catalogs)).scalar_one() == 1


def test_an_image_of_a_deleted_product_is_stray(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(products).where(products.c.id == image.product_id).values(deleted_no=10**6))
    assert [f.subject for f in look(shop) if f.code is Code.IMAGE_STRAY] == [image.id]
    assert [f.subject for f in look(shop) if f.code is Code.VECTOR_PHANTOM] == [image.id]


ENDED = {"state": "succeeded", "finished_at": 1.0, "expires_at": 1e12}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (ENDED, []),
        ({**ENDED, "lease_until": 1.0}, [Code.JOB_IMPOSSIBLE]),
        ({**ENDED, "expires_at": None}, [Code.JOB_IMPOSSIBLE]),
        ({**ENDED, "finished_at": None}, [Code.JOB_IMPOSSIBLE]),
        ({"stage": "dreaming"}, [Code.JOB_IMPOSSIBLE]),
        ({**ENDED, "stage": "dreaming"}, []),
        ({"stage": "embed", "due_at": None}, [Code.JOB_STUCK]),
        ({"stage": "embed", "due_at": None, "lease_until": 1e12}, []),
        ({"stage": LEARN.name, "kind": "training", "due_at": None}, []),
        ({**ENDED, "due_at": None}, []),
        ({"parts_left": 2}, [Code.PART_COUNT]),
        ({"parts_left": 2, "stage": "embed"}, []),
        ({"parts_left": 2, "state": "queued"}, []),
    ],
)
def test_a_job_is_impossible_stuck_or_in_order(
    shop: ShopRig, values: dict[str, Any], told: list[Code]
) -> None:
    job(shop, **values)
    assert [finding.code for finding in look(shop)] == told


@pytest.mark.parametrize("state", ["open", "running", "done", "closed"])
def test_chunks_that_somebody_might_still_do_are_left_over(shop: ShopRig, state: str) -> None:
    ended = {"state": "failed", "finished_at": 1.0, "expires_at": 1e12}
    change(shop, update(jobs).where(jobs.c.id == an_import(shop, sizes=(3,))).values(**ended))
    change(shop, update(chunks).values(state=state))
    assert [f.code for f in look(shop)] == ([Code.CHUNK_LEFT] if state in ("open", "running") else [])


@pytest.mark.parametrize("halves", [(2, 1), (2, 0)])
def test_a_split_chunk_stands_for_its_halves(shop: ShopRig, halves: tuple[int, int]) -> None:
    job_id = an_import(shop)
    whole = one(shop, select(chunks).where(chunks.c.no == 1))._mapping
    change(shop, update(chunks).where(chunks.c.no == 1).values(state="split"))
    for n, size in enumerate(halves, 1):
        change(shop, insert(chunks).values({**whole, "no": -n, "row_from": 0, "row_to": size}))
    found = [(finding.code, finding.subject) for finding in look(shop)]
    assert found == ([] if sum(halves) == 3 else [(Code.CHUNK_ROWS, job_id)])
    ended = {"state": "succeeded", "finished_at": 1.0, "expires_at": 1e12}
    change(shop, update(chunks).values(state="done"))
    change(shop, update(jobs).where(jobs.c.id == job_id).values(**ended))
    assert look(shop) == [], "of an import that has ended nobody counts"


# filter columns and vectors


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("price", {"amount": "9.91", "currency": "EUR"}, "price is 9.9, not 9.91"),
        ("price", {"amount": "9.90", "currency": "USD"}, "currency is 'EUR', not 'USD'"),
        ("price", None, "price is 9.9, not None; currency is 'EUR', not None"),
        ("rating", {"value": 4.5, "count": 2}, "rating is None, not 4.5"),
        ("brand", "Oslo", "brand is None, not 'Oslo'"),
        ("category", "watch", "category is None, not 'watch'"),
        ("color", "blue", "color is None, not 'blue'"),
        ("labels", ["new", "sale"], "labels is (), not ('new', 'sale')"),
        ("availability", "in_stock", "availability is None, not 'in_stock'"),
        ("title", "no filter", None),
        ("description", "no filter", None),
        ("url", "https://shop.example/", None),
        ("rating", {"value": None, "count": 2}, None),
        ("labels", [], None),
    ],
)
@pytest.mark.parametrize("sealed", [False, True], ids=["logged", "sealed"])
def test_each_column_that_searches_filter_by_is_compared(
    shop: ShopRig, sealed: bool, attribute: str, value: Any, told: str | None
) -> None:
    if sealed:
        seal(shop)
    attributes = one(shop, select(products.c.attributes).where(products.c.id == "p21")).attributes
    changed = update(products).where(products.c.id == "p21")
    change(shop, changed.values(attributes={**attributes, attribute: value}))
    found = {(f.code, f.subject, f.detail) for f in look(shop)}
    assert found == ({(Code.COLUMNS_DIFFER, "p21", told)} if told else set())


def test_a_column_is_mended_by_an_entry_that_every_index_worker_follows(any_shop: ShopRig) -> None:
    """A search filters by the value that was never told; then the worker that ran all the time does not."""
    shop = any_shop
    running = shop.worker("running")
    running.catch_up()
    vector = unit(21)
    other_columns(shop)
    cheap = {"filters": Filters(price_max=5.0, currency="EUR")}
    assert running.find(vector, **cheap) == []
    before = one(shop, select(shards).where(shards.c.shard == placement.shard_of("p21", 2)))
    mend(shop)
    after = one(shop, select(shards).where(shards.c.shard == before.shard))
    assert after.seq == before.seq + 1, "one entry of the same history"
    assert look(shop) == []
    running.catch_up()
    assert running.find(vector, **cheap) == ["p21"]
    fresh = shop.worker("fresh")
    fresh.catch_up()
    assert fresh.find(vector, **cheap) == ["p21"]


def test_columns_of_a_product_without_an_image_in_the_index_are_nobodys(shop: ShopRig) -> None:
    with shop.db.write() as c:
        accept_write(
            c,
            shop.db,
            index=shop.index,
            product_id="bare",
            attributes={"brand": "Oslo"},
            wanted=None,
            replace=True,
        )
    assert look(shop) == []


def replace_file(shop: ShopRig, snapshot: Any, name: str, data: bytes) -> None:
    """Its file is another one, with every hash right."""
    stored = shop.store.put(new_name("snapshots", "shop", shop.db.clock()), data)
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
        owners.remove(c, [snapshot.files[name]["object"]])
    named = {"object": stored.name, "sha256": stored.sha256, "length": stored.length}
    this = update(snapshots).where(snapshots.c.id == snapshot.id)
    change(shop, this.values(files={**snapshot.files, name: named}))


def test_an_older_snapshot_is_to_lead_to_the_catalogue_too(shop: ShopRig) -> None:
    """Who finds the newest damaged loads it, and would filter by a price that never was."""
    seal(shop)
    at = placement.shard_of("p21", 2)
    older = one(shop, select(snapshots).where(snapshots.c.shard == at).order_by(snapshots.c.seq.desc()))
    for n in range(4):
        shop.put(f"more{n}", unit(60 + n))
    seal(shop)
    assert look(shop) == []
    name = older.manifest["columns"]
    lines = shop.store.objects[older.files[name]["object"]]
    assert b"9.9" in lines
    replace_file(shop, older, name, lines.replace(b"9.9", b"8.8"))
    (found,) = look(shop)
    assert (found.code, found.subject) == (Code.SNAPSHOT_BAD, older.id)
    assert "price is 8.8, not 9.9" in found.detail
    mend(shop)
    assert look(shop) == []


def test_a_vector_of_a_snapshot_that_is_another_than_its_segment_s_is_told(shop: ShopRig) -> None:
    its = one(shop, select(snapshots))
    (record, *_) = its.manifest["segments"]
    vectors = bytearray(shop.store.objects[its.files[record["vectors"]]["object"]])
    vectors[0:2] = b"\x00\x3c"  # 1.0
    replace_file(shop, its, record["vectors"], bytes(vectors))
    assert [f.code for f in look(shop)] == [Code.VECTOR_DIFFERS]
    mend(shop)
    assert look(shop) == []


def test_a_holding_of_another_tenant_hides_its_segment_from_an_erasure(shop: ShopRig) -> None:
    """Found twice: the tenant's own is missing, and the other's is of a segment that it has no part in."""
    change(shop, update(holdings).where(holdings.c.product_id == "p1").values(tenant="another"))
    assert codes(shop) == {Code.HOLDING_MISSING, Code.HOLDING_STRAY}
    mend(shop)
    assert look(shop) == []


def spoilt_log(shop: ShopRig, kind: str, **values: Any) -> None:
    entry = one(shop, select(log).where(log.c.kind == kind).order_by(log.c.shard, log.c.seq))
    change(shop, update(log).where(*this_entry(entry)).values(**values))


def snapshot_of_no_form(shop: ShopRig) -> None:
    seal(shop)
    change(shop, update(snapshots).values(manifest=None))


UNREADABLE: dict[str, tuple[Callable[[ShopRig], object], Code]] = {
    "snapshot": (snapshot_of_no_form, Code.SNAPSHOT_BAD),
    "chain": (lambda shop: spoilt_log(shop, "inline", chain="no number"), Code.LOG_CHAIN),
    "digest": (lambda shop: spoilt_log(shop, "inline", digest="no number"), Code.LOG_DIGEST),
    "block": (lambda shop: spoilt_log(shop, "inline", inline=None), Code.LOG_DIGEST),
    "body": (lambda shop: spoilt_log(shop, "segment", body={}), Code.LOG_DIGEST),
    "no body": (lambda shop: spoilt_log(shop, "segment", body=None), Code.LOG_DIGEST),
    "delete": (lambda shop: spoilt_log(shop, "delete", body={}), Code.LOG_DIGEST),
    "range": (lambda shop: change(shop, update(segments).values(offset=-1)), Code.SEGMENT_RANGE),
    "part": (lambda shop: change(shop, update(segments).values(object="no name")), Code.OWNER_MISSING),
    "owner": (
        lambda shop: change(
            shop, update(objects).where(objects.c.name == single(shop).thumbnail).values(name="no name")
        ),
        Code.OBJECT_MISSING,
    ),
    "orders": (
        lambda shop: change(shop, update(products).where(products.c.id == "p1").values(orders=None)),
        Code.PRODUCT_IMPOSSIBLE,
    ),
    "attributes": (
        lambda shop: change(shop, update(products).where(products.c.id == "p1").values(attributes=None)),
        Code.PRODUCT_IMPOSSIBLE,
    ),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_row_that_cannot_be_read_is_a_finding_and_hides_no_other(shop: ShopRig, what: str) -> None:
    damage, code = UNREADABLE[what]
    damage(shop)
    lose(shop, single(shop).normalised)
    assert {code, Code.OBJECT_MISSING} <= codes(shop)
    mend(shop)  # as far as may be
