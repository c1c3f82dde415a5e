"""What a snapshot may say: only the log's own history, and only files that read back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, delete, select, update

from shared.db.tables import images, log, products, shards, snapshots
from tests.index_rig import Rig, Worker, unit
from workers.indexer.cached import folder_of

BASE = 40  # rows, so that the few of a later head leave their base segment as it is


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)


def started(rig: Rig, name: str = "w1") -> Worker:
    worker = rig.worker(name)
    worker.catch_up()
    return worker


def lose_after(rig: Rig, end: Row[Any], product_id: str) -> None:
    """The database fails over to a copy that lacks what came after `end`: a put of this product."""
    with rig.db.write() as c:
        c.execute(delete(log).where(log.c.seq > end.seq))
        c.execute(update(shards).values(seq=end.seq, chain=end.chain))
        c.execute(delete(images).where(images.c.product_id == product_id))
        c.execute(delete(products).where(products.c.id == product_id))


def end_of(rig: Rig) -> Row[Any]:
    with rig.db.read() as c:
        return c.execute(select(shards)).one()


@pytest.mark.parametrize("replaced", [True, False], ids=["another entry", "no entry"])
def test_a_failover_while_sealing_leaves_no_snapshot_of_the_lost_history(
    rig: Rig, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = started(rig)
    rig.put("kept", unit(1))
    end = end_of(rig)
    rig.put("lost", unit(2))
    worker.catch_up()
    engine = worker.indexer.shards.all()[0].view.engine
    freeze = engine.freeze

    def freeze_and_fail_over() -> Any:
        frozen = freeze()
        lose_after(rig, end, "lost")
        if replaced:
            rig.put("other", unit(3))
        return frozen

    monkeypatch.setattr(engine, "freeze", freeze_and_fail_over)
    assert not worker.seal()
    with rig.db.read() as c:
        assert c.execute(select(snapshots)).all() == []
    assert end_of(rig).sealed_seq == 0
    if not replaced:
        rig.put("other", unit(3))
    worker.catch_up()
    worker.later(0.5)
    for one in (worker, started(rig, "w2")):
        assert set(one.find(unit(2))) == {"kept", "other"}


def sealed_twice(rig: Rig) -> tuple[Worker, str]:
    """Two snapshots that share their base segment; returns the name of its vectors' object."""
    worker = started(rig)
    for n in range(BASE):
        rig.put(f"p{n}", unit(n))
    for n in range(2):
        rig.put(f"q{n}", unit(100 + n))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    older, newest = snapshots_of(rig)
    shared = {f["object"] for f in older.files.values()} & {f["object"] for f in newest.files.values()}
    return worker, max(shared, key=lambda name: len(rig.store.objects[name]))


def snapshots_of(rig: Rig) -> list[Row[Any]]:
    with rig.db.read() as c:
        return list(c.execute(select(snapshots).order_by(snapshots.c.seq)))


def flip_a_byte(rig: Rig, name: str) -> None:
    data = bytearray(rig.store.objects[name])
    data[3] ^= 1
    rig.store.objects[name] = bytes(data)


@pytest.mark.parametrize("gone", [True, False])
def test_a_damaged_base_file_is_stored_again_by_whoever_holds_it_whole(rig: Rig, gone: bool) -> None:
    worker, name = sealed_twice(rig)
    if gone:
        rig.store.delete(name)
    else:
        flip_a_byte(rig, name)
    rig.put("r", unit(200))
    worker.catch_up()
    assert worker.seal()
    newest = snapshots_of(rig)[-1]
    assert name not in {stored["object"] for stored in newest.files.values()}
    assert [row.bad_at is None for row in snapshots_of(rig)] == [False, False, True]
    fresh = started(rig, "w2")
    assert fresh.rows() == worker.rows() == BASE + 3
    assert fresh.indexer.shards.all()[0].snapshot_seq == newest.seq


def test_the_log_is_not_trimmed_to_a_snapshot_that_names_a_damaged_object(rig: Rig) -> None:
    worker, name = sealed_twice(rig)
    trimmed_to = end_of(rig).trimmed_to
    flip_a_byte(rig, name)
    rig.put("r", unit(200))
    worker.catch_up()
    assert worker.seal()
    assert end_of(rig).trimmed_to == trimmed_to
    worker.catch_up()
    rig.put("s", unit(201))
    worker.catch_up()
    assert worker.seal()
    assert end_of(rig).trimmed_to > trimmed_to
    assert all(row.bad_at is None for row in snapshots_of(rig))


def test_a_file_stored_again_is_named_by_its_new_object_from_then_on(rig: Rig) -> None:
    worker, name = sealed_twice(rig)
    flip_a_byte(rig, name)
    for n in range(3):
        rig.put(f"r{n}", unit(200 + n))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    older, newest = snapshots_of(rig)
    damaged = {f["object"] for f in older.files.values()} | {f["object"] for f in newest.files.values()}
    assert name not in damaged
    assert (
        len({f["object"] for f in older.files.values()} & {f["object"] for f in newest.files.values()}) >= 2
    )


def test_a_shard_whose_base_is_good_nowhere_is_loaded_anew_and_sealed(rig: Rig) -> None:
    """What is in memory may be damaged as well; the last resort is SQL."""
    worker, name = sealed_twice(rig)
    flip_a_byte(rig, name)
    for path in folder_of(worker.indexer.cache, (rig.index.id, 0)).iterdir():
        path.write_bytes(b"damaged too")
    rig.put("r", unit(200))
    worker.catch_up()
    rig.seal_wanted()
    worker.sealer.asked(worker.follower.ends())
    worker.sealer.seal_asked()
    assert worker.indexer.shards.all() == []
    assert len(snapshots_of(rig)) == 2
    worker.catch_up()
    assert worker.rows() == BASE + 3
    worker.passed += 3600
    with rig.db.write() as c:
        c.execute(update(shards).values(seal_lease_until=None))
    assert worker.seal()
    assert started(rig, "w2").rows() == BASE + 3
