"""Nothing of what was deleted is stored any more once its receipt says so; on both databases."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from shared.db.engine import now
from shared.db.tables import (
    erasures,
    holdings,
    images,
    imports,
    jobs,
    log,
    products,
    row_errors,
    segments,
    snapshots,
)
from shared.jobs import chunks
from shared.jobs.job import State
from shared.storage import owners
from shared.storage.names import new_name
from shared.vectors.codec import to_unit_f16
from tests.erasure_rig import ErasureRig
from tests.index_rig import Worker, unit
from tests.keeper_rig import accepted
from workers.indexer import catch_up
from workers.keeper.rounds import erasing, expiry

TITLE = "Title-that-only-it-has"
PHOTO = secrets.token_bytes(64)


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> ErasureRig:
    return ErasureRig(database_url, tmp_path)


def started(rig: ErasureRig, name: str = "w1") -> Worker:
    worker = rig.worker(name)
    worker.catch_up()
    return worker


def stock(rig: ErasureRig, worker: Worker) -> None:
    """Ten products in a segment and one written singly; sealed, and found by a search."""
    rig.put_chunk([f"p{n}" for n in range(9)] + ["SKU-chunk"], [unit(n) for n in range(10)])
    rig.put("SKU-inline", unit(10), title=TITLE)
    worker.catch_up()
    assert worker.seal()
    worker.catch_up()
    for product_id in ("SKU-chunk", "SKU-inline"):
        rig.photo(product_id, PHOTO + product_id.encode())
    assert "SKU-inline" in worker.find(unit(10), store=False)


def needles(product_id: str, seed: int) -> tuple[bytes, ...]:
    return (to_unit_f16(unit(seed)).tobytes(), PHOTO + product_id.encode())


def test_no_file_holds_the_photo_or_vector_of_a_purged_search(rig: ErasureRig) -> None:
    """Both stand in the database and the store before, and the receipt tells when they do no more."""
    worker = started(rig)
    stock(rig, worker)
    job_id = rig.searched(PHOTO + b"query", unit(77), worker)
    vector = base64.b64encode(to_unit_f16(unit(77)).tobytes())  # as it stands in the job's outcome
    photo = PHOTO + b"query"
    assert rig.files_with(photo)
    assert rig.files_with(vector)

    done = rig.turn_until_erased(rig.purge(job_id), worker)

    assert (done.kind, done.subject) == ("job", None)
    assert rig.files_with(photo, vector) == []


@pytest.mark.parametrize(("product_id", "seed"), [("SKU-chunk", 9), ("SKU-inline", 10)])
def test_no_file_holds_vector_photo_or_title_of_an_erased_product(
    rig: ErasureRig, product_id: str, seed: int
) -> None:
    worker = started(rig)
    stock(rig, worker)
    for needle in needles(product_id, seed):
        assert rig.files_with(needle), "it is there before"
    assert rig.files_with(TITLE.encode())
    done = rig.turn_until_erased(rig.erase(product_id), worker)
    assert done.subject is None
    assert rig.files_with(*needles(product_id, seed)) == []
    assert (rig.files_with(TITLE.encode()) == []) == (product_id == "SKU-inline")
    others = needles("p", 3)
    assert rig.files_with(others[0]), "and its neighbours stay"
    assert worker.find(unit(3), store=False)[0] == "p3"
    assert product_id not in worker.find(unit(seed), store=False)


def test_the_id_alone_is_left_and_goes_with_its_tombstone(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    rig.turn_until_erased(rig.erase("SKU-inline"), worker)
    with rig.db.write() as c:
        c.execute(update(products).where(products.c.id == "SKU-inline").values(deleted_at=1.0))
    expiry.run(rig.keeper)
    rig.db.scrub(2**30)
    assert rig.files_with(b"SKU-inline") == []
    assert [e.id for e in rig.keeper.erased.entries()] == ["SKU-inline"], "but for the list"


def test_a_segment_is_rewritten_without_its_stale_rows_and_others_keep_theirs(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    with rig.db.read() as c:
        before = c.execute(select(segments)).one()
    rig.turn_until_erased(rig.erase("SKU-chunk"), worker)
    with rig.db.read() as c:
        after = c.execute(select(segments)).one()
        held = set(c.execute(select(holdings.c.object, holdings.c.product_id)).all())
        placed = c.execute(select(images).where(images.c.segment.is_not(None))).all()
    assert (before.rows, after.rows) == (10, 9)
    assert before.object != after.object
    assert held == {(after.object, f"p{n}") for n in range(9)}
    assert {i.segment for i in placed} == {after.object}
    assert sorted(i.segment_row for i in placed) == list(range(9))
    assert rig.store.size(before.object) is None


def test_a_shard_without_snapshots_is_made_again_from_the_rewritten_segment(rig: ErasureRig) -> None:
    """SQL and segments agree on every row that is left."""
    worker = started(rig)
    stock(rig, worker)
    rig.turn_until_erased(rig.erase("SKU-chunk"), worker)
    for name in list(rig.store.list("snapshots/")):
        rig.store.delete(name)
    other = rig.worker("w2")
    other.catch_up()
    assert other.rows() == 10
    assert other.find(unit(4), store=False)[0] == "p4"


def test_a_product_written_again_stays_and_its_former_vector_goes(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    receipt_id = rig.erase("SKU-chunk")
    rig.put("SKU-chunk", unit(77))
    rig.turn_until_erased(receipt_id, worker)
    assert rig.files_with(to_unit_f16(unit(9)).tobytes()) == []
    assert worker.find(unit(77), store=False)[0] == "SKU-chunk"


def test_two_deletes_of_one_product_end_together(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    first = rig.erase("SKU-chunk")
    rig.put("SKU-chunk", unit(77))
    second = rig.erase("SKU-chunk")
    rig.turn_until_erased(second, worker)
    assert rig.receipt(first).erased_at is not None
    assert rig.files_with(to_unit_f16(unit(77)).tobytes(), to_unit_f16(unit(9)).tobytes()) == []


def test_shards_that_only_share_the_segment_keep_what_they_serve(database_url: str, tmp_path: Path) -> None:
    rig = ErasureRig(database_url, tmp_path, shard_count=3)
    worker = started(rig)
    stock(rig, worker)
    rig.turn_until_erased(rig.erase("SKU-chunk"), worker)
    assert rig.files_with(*needles("SKU-chunk", 9)) == []
    assert worker.rows() == 10
    fresh = rig.worker("w2")
    fresh.catch_up()
    assert all(fresh.find(unit(n), store=False)[0] == f"p{n}" for n in range(9))


def test_hits_of_it_leave_the_results_that_showed_it(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    job_id = rig.job(unit(10))
    worker.answer(job_id)
    rig.turn_until_erased(rig.erase("SKU-inline"), worker)
    hits = rig.row(job_id).result["items"][0]["hits"]
    assert len(hits) == 9
    assert "SKU-inline" not in {hit["product"]["id"] for hit in hits}


def imported(rig: ErasureRig, ids: list[str], accept_no: int, **values: Any) -> str:
    """An import that has ended, with its manifest, its chunk's rows and an error row for each id."""
    keeper = rig.keeper
    job_id = accepted(keeper, kind="import", catalog="default", accept_no=accept_no, due_at=None, **values)
    rows = "\n".join(json.dumps({"row": {"id": i}}) for i in ids).encode()
    manifest = rig.store.put(new_name("manifests", "shop", rig.db.clock()), b"id,title\n" + rows)
    chunk = rig.store.put(new_name("chunks", "shop", rig.db.clock()), rows)
    noted = [{"object": manifest.name, "name": "a.csv", "format": "csv", "incoming": False}]
    with rig.db.write() as c:
        owners.own(c, "shop", [manifest, chunk])
        c.execute(
            insert(imports).values(
                job_id=job_id,
                tenant="shop",
                options={},
                manifests=noted,
                planned=True,
                rows=1,
                bad_rows=0,
                ignored_columns=[],
                unreadable=False,
            )
        )
        chunks.add(c, rig.db, job_id=job_id, no=0, tenant="shop", rows_object=chunk.name, rows=len(ids))
        for n, product_id in enumerate(ids):
            c.execute(
                insert(row_errors).values(
                    job_id=job_id,
                    no=n,
                    chunk=0,
                    manifest=0,
                    line=n,
                    product_id=product_id,
                    reason="url_failed",
                    detail="…",
                )
            )
    return job_id


FAILED: dict[str, Any] = {"state": State.FAILED, "error": {"code": "x", "detail": "", "retryable": True}}


@pytest.mark.parametrize("ended", [{"state": State.SUCCEEDED}, FAILED])
def test_manifests_chunks_and_error_rows_of_older_imports_go_with_it(
    rig: ErasureRig, ended: dict[str, Any]
) -> None:
    worker = started(rig)
    stock(rig, worker)
    job_id = imported(rig, ["SKU-chunk", "p1"], 1, **ended)
    rig.turn_until_erased(rig.erase("SKU-chunk"), worker)
    assert list(rig.store.list("manifests/")) == list(rig.store.list("chunks/")) == []
    with rig.db.read() as c:
        assert list(c.execute(select(row_errors.c.product_id)).scalars()) == ["p1"]
    assert not (rig.row(job_id).error or {}).get("retryable")


def test_a_failed_import_that_does_not_name_it_can_still_be_retried(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    job_id = imported(rig, ["p1"], 1, **FAILED)
    rig.turn_until_erased(rig.erase("SKU-chunk"), worker)
    assert len(list(rig.store.list("manifests/"))) == len(list(rig.store.list("chunks/"))) == 1
    assert rig.row(job_id).error["retryable"]


def test_it_waits_for_older_work_that_may_still_bring_a_vector_of_it(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    job_id = imported(rig, ["SKU-chunk"], 1, state=State.RUNNING)
    receipt_id = rig.erase("SKU-chunk")
    for _ in range(3):
        rig.turn(worker)
    assert rig.receipt(receipt_id).begun_at is None
    with rig.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.SUCCEEDED))
    rig.turn_until_erased(receipt_id, worker)


def test_rows_that_an_append_left_out_are_erased_too(rig: ErasureRig) -> None:
    """An import that was older than the delete ends after it: its segment holds what its log left out."""
    worker = started(rig)
    stock(rig, worker)
    receipt_id = rig.erase("SKU-chunk")
    late = unit(55)
    with rig.db.write() as c:
        c.execute(update(products).where(products.c.id == "SKU-chunk").values(deleted_no=10**6))
    rig.put_chunk(["SKU-chunk", "p1"], [late, unit(56)])
    assert rig.files_with(to_unit_f16(late).tobytes())
    rig.turn_until_erased(receipt_id, worker)
    assert rig.files_with(to_unit_f16(late).tobytes()) == []
    assert worker.find(unit(56), store=False)[0] == "p1"


def test_erasures_are_done_together_when_the_oldest_has_waited_for_its_turn(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    patient = rig.new_keeper(erase_within=4000)
    one, other = rig.erase("p1"), rig.erase("p2")
    erasing.run(patient)
    assert rig.receipt(one).begun_at is None
    with rig.db.write() as c:
        c.execute(update(erasures).where(erasures.c.id == one).values(hidden_at=now() - 1001))
    erasing.run(patient)
    assert None not in (rig.receipt(one).begun_at, rig.receipt(other).begun_at)


def test_what_a_gateway_could_not_list_the_keeper_lists(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    receipt_id = rig.erase("p1")
    for name in list(rig.store.list("erased/")):
        rig.store.delete(name)
    with rig.db.write() as c:
        c.execute(update(erasures).values(listed_at=None))
    rig.turn_until_erased(receipt_id, worker)
    assert [e.id for e in rig.keeper.erased.entries()] == ["p1"]


def test_the_log_of_an_erased_product_still_chains(rig: ErasureRig) -> None:
    worker = started(rig)
    stock(rig, worker)
    rig.turn_until_erased(rig.erase("SKU-inline"), worker)
    rig.put("new", unit(60))
    worker.catch_up()
    fresh = rig.worker("w2")
    fresh.catch_up()
    assert fresh.find(unit(60), store=False)[0] == "new"
    with rig.db.read() as c:
        kinds = list(c.execute(select(log.c.kind).order_by(log.c.seq)).scalars())
    assert kinds[-1] == "inline"


def test_the_only_product_of_a_catalog_can_be_erased(rig: ErasureRig) -> None:
    worker = started(rig)
    rig.put_chunk(["only"], [unit(1)])
    rig.turn_until_erased(rig.erase("only"), worker)
    assert rig.files_with(to_unit_f16(unit(1)).tobytes()) == []
    assert worker.rows() == 0
    rig.put("next", unit(2))
    fresh = rig.worker("w2")
    fresh.catch_up()
    assert fresh.find(unit(2), store=False) == ["next"]


def test_a_worker_that_could_not_take_a_snapshot_up_tries_with_the_next_one(
    rig: ErasureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = started(rig)
    stock(rig, worker)
    receipt_id = rig.erase("SKU-chunk")
    with monkeypatch.context() as patched:
        patched.setattr(catch_up, "_take_up", lambda *_: None)
        for _ in range(6):
            rig.turn(worker)
    assert rig.receipt(receipt_id).clean_at is None
    with rig.db.write() as c:
        c.execute(update(snapshots).values(created_at=1.0))
    rig.turn_until_erased(receipt_id, worker)
    assert rig.files_with(*needles("SKU-chunk", 9)) == []
