"""A shard whose object is lost or damaged is named missing and tried again; the others are served."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from shared.db.tables import images, replicas, shards, snapshots
from shared.errors import StoreUnavailable
from shared.index import entries, log, placement
from shared.index.versions import Version
from shared.storage.names import new_name
from shared.vectors.codec import Rows, encode_block, to_unit_f16
from tests.index_rig import MODEL, Rig, Worker, unit
from workers.indexer import min_version
from workers.indexer.replica import Replica

COUNT = 20


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Two shards in one group, with products in both."""
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path, shard_count=2)
    for n in range(COUNT):
        rig.put(f"p{n}", unit(n))
    return rig


def of_shard(rig: Rig, shard: int) -> set[str]:
    return {f"p{n}" for n in range(COUNT) if placement.shard_of(f"p{n}", rig.index.shards) == shard}


def lose_a_segment(rig: Rig, shard: int, left: bytes | None = None) -> tuple[str, bytes]:
    """An entry names an object that is gone, or of which `left` is left; returns its name and true bytes."""
    name = new_name("segments", "shop", rig.db.clock())
    vector = to_unit_f16(unit(70))[None]
    rows = Rows(["x"], ["x-image"], np.zeros(1, np.int16), np.array([[0, 0, 1, 1]], np.float32), vector)
    block = encode_block(rows, MODEL)
    if left is not None:
        rig.store.objects[name] = left
    entry = entries.segment(
        object=name,
        offset=0,
        length=len(block),
        sha256=hashlib.sha256(block).hexdigest(),
        rows=1,
        columns={"x": {}},
    )
    with rig.db.write() as c:
        log.append(c, rig.index.id, {shard: [entry]})
    return name, block


def started(rig: Rig, name: str = "w1") -> Worker:
    worker = rig.worker(name)
    worker.catch_up()
    return worker


def told(worker: Worker) -> dict[str, Any]:
    """What /v1/index tells of this replica's shards."""
    Replica(worker.indexer).tell()
    with worker.rig.db.read() as c:
        query = select(replicas.c.state).where(replicas.c.process == worker.settings.process)
        return dict(c.execute(query).scalar_one())


@pytest.mark.parametrize("left", [None, b"damaged!!"])
def test_a_worker_starts_beside_a_shard_whose_segment_is_gone_or_damaged(
    rig: Rig, left: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    name, _ = lose_a_segment(rig, 1, left)
    worker = rig.worker()
    with caplog.at_level(logging.ERROR):
        worker.follower.start()
        worker.follower.stop()
    row = worker.answer(rig.job(unit(7), limit=COUNT))
    assert row.state == "succeeded"
    assert {h["product"]["id"] for h in row.result["items"][0]["hits"]} == of_shard(rig, 0)
    assert (row.result["index"]["partial"], row.result["index"]["missing"]) == (True, [1])
    tries = [record.getMessage() for record in caplog.records if "is broken" in record.getMessage()]
    assert len(tries) == 1
    assert f"{rig.index.id}/1" in tries[0]
    assert name in tries[0]
    state = told(worker)
    assert name in state[f"{rig.index.id}/1"]["broken"]
    assert state[f"{rig.index.id}/0"]["rows"] == len(of_shard(rig, 0))


def test_a_search_does_not_wait_for_a_shard_known_to_be_broken(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_a_segment(rig, 1)
    worker = started(rig)
    monkeypatch.setattr(min_version, "PLACED_WITHIN_S", 3600.0)
    assert worker.answer(rig.job(unit(7))).result["index"]["missing"] == [1]


def test_a_min_version_of_a_good_shard_is_met_beside_a_broken_one(rig: Rig) -> None:
    lose_a_segment(rig, 1)
    worker = started(rig)
    product = min(of_shard(rig, 0))
    reached = rig.put(product, unit(99))
    worker.later(0.1)
    row = worker.answer(rig.job(unit(99), min_version=Version(rig.index.id, reached).encode()))
    assert row.state == "succeeded"
    assert row.result["items"][0]["hits"][0]["product"]["id"] == product


def test_a_broken_shard_is_tried_less_and_less_often_and_comes_back_with_its_object(rig: Rig) -> None:
    name, block = lose_a_segment(rig, 1)
    worker = started(rig)
    assert worker.follower.poll() == []
    worker.later(0.5)
    rig.store.objects[name] = block
    worker.later(0.5)
    assert [held.shard for held in worker.indexer.shards.all()] == [0], "the second wait is longer"
    worker.later(0.5)
    assert worker.rows() == COUNT + 1
    assert worker.indexer.broken.reasons() == {}


def test_a_shard_that_was_served_stays_at_its_last_good_position(rig: Rig) -> None:
    """What is lost afterwards takes nothing from what is loaded; the state tells that it stands still."""
    worker = started(rig)
    name, _ = lose_a_segment(rig, 1)
    worker.catch_up()
    assert set(worker.find(unit(7), limit=COUNT)) == {f"p{n}" for n in range(COUNT)}
    state = told(worker)[f"{rig.index.id}/1"]
    assert state["rows"] == len(of_shard(rig, 1))
    assert name in state["broken"]


def sealed_twice(rig: Rig) -> Worker:
    """A worker whose shards have two snapshots each, and a log that begins after the older."""
    worker = started(rig)
    for n in range(2):
        rig.put(f"q{n}", unit(50 + n))
        rig.put(f"r{n}", unit(60 + n))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    return worker


def files_of_snapshots(rig: Rig) -> list[set[str]]:
    """Objects of shard 1's snapshots, newest first."""
    with rig.db.read() as c:
        query = select(snapshots.c.files).where(snapshots.c.shard == 1).order_by(snapshots.c.seq.desc())
        return [{stored["object"] for stored in files.values()} for files in c.execute(query).scalars()]


def test_a_worker_whose_newest_snapshot_is_damaged_serves_all_from_the_one_before(rig: Rig) -> None:
    first = sealed_twice(rig)
    newest, older = files_of_snapshots(rig)
    rig.store.objects |= dict.fromkeys(newest - older, b"damaged")
    second = started(rig, "w2")
    assert second.rows() == first.rows() == COUNT + 4
    assert second.indexer.broken.reasons() == {}


def test_a_shard_without_a_good_snapshot_or_all_vectors_is_missing_until_its_files_are_restored(
    rig: Rig,
) -> None:
    """An image whose vector SQL has lost keeps the shard from being rebuilt without it."""
    first = sealed_twice(rig)
    newest, older = files_of_snapshots(rig)
    before = {name: rig.store.objects[name] for name in newest | older}
    rig.store.objects |= dict.fromkeys(before, b"damaged")
    lost = min(of_shard(rig, 1))
    with rig.db.write() as c:
        c.execute(update(images).where(images.c.product_id == lost).values(vector=None))
        image_id = c.execute(select(images.c.id).where(images.c.product_id == lost)).scalar_one()
    second = started(rig, "w2")
    assert [held.shard for held in second.indexer.shards.all()] == [0]
    assert image_id in second.indexer.broken.reasons()[rig.index.id, 1]
    rig.store.objects |= before
    second.later(0.5)
    assert second.rows() == first.rows()
    assert second.indexer.broken.reasons() == {}
    assert "broken" not in told(second)[f"{rig.index.id}/1"]
    with rig.db.read() as c:
        newest_first = (
            select(snapshots.c.bad_at).where(snapshots.c.shard == 1).order_by(snapshots.c.seq.desc())
        )
        assert c.execute(newest_first).scalars().first() is None


def test_a_worker_does_not_start_while_the_object_store_is_away(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is only away is no damage: whoever starts the process tries again."""
    lose_a_segment(rig, 1)

    def away(*_: object, **__: object) -> bytes:
        raise StoreUnavailable("the object store does not answer")

    monkeypatch.setattr(rig.store, "get_range", away)
    worker = rig.worker()
    with pytest.raises(StoreUnavailable):
        worker.follower.start()


def test_rows_logged_between_the_cut_of_a_snapshot_and_its_announcement_count_as_new(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = started(rig)
    held = next(h for h in worker.indexer.shards.all() if h.shard == 0)
    freeze = held.view.engine.freeze
    late = min(of_shard(rig, 0))

    def freeze_and_log_more() -> Any:
        frozen = freeze()
        rig.put(late, unit(98))
        return frozen

    monkeypatch.setattr(held.view.engine, "freeze", freeze_and_log_more)
    with rig.db.write() as c:
        c.execute(update(shards).where(shards.c.shard == 0).values(seal_wanted=True))
    assert worker.sealer.seal(held, "shop")
    with rig.db.read() as c:
        row = c.execute(select(shards).where(shards.c.shard == 0)).one()
    assert row.rows_logged - row.sealed_rows_logged == 1
    assert row.sealed_seq == len(of_shard(rig, 0))


def test_a_start_from_a_snapshot_loads_it_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own announcement stands in the log after it; going over to itself would double every start."""
    sealed_twice(rig)
    second = rig.worker("w2")
    loads: list[str] = []
    load = second.indexer.engines.load

    class Counting:
        open = second.indexer.engines.open

        def load(self, *args: Any) -> Any:
            loads.append("load")
            return load(*args)

    monkeypatch.setattr(second.indexer, "engines", Counting())
    second.catch_up()
    assert len(loads) == 2, "two shards"
