"""Where no snapshot loads and the log was trimmed, a shard is made again from SQL and segments."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from shared.catalog.filters import Filters
from shared.db.tables import log, shards, snapshots
from shared.index import placement
from tests.index_rig import DIM, Rig, Worker, unit
from workers.indexer.catch_up import catch_up

CHUNK = [f"c{n}" for n in range(12)]
COUNT = 15  # what `rig` leaves in the catalogue


def vectors_of(seeds: range) -> np.ndarray:
    return np.stack([unit(seed) for seed in seeds])


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Two shards with single writes and a chunk, some of it deleted, replaced and patched; log trimmed."""
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path, shard_count=2)
    worker = rig.worker()
    for n in range(6):
        rig.put(f"p{n}", unit(n), category="shoe")
    rig.put_chunk(CHUNK, vectors_of(range(100, 112)))
    for turn in range(2):
        rig.delete(f"p{turn}")
        rig.delete(CHUNK[turn])
        rig.put("p5", unit(50 + turn), category="dress")
        rig.put(CHUNK[5], unit(60 + turn))
        rig.put(f"late{turn}", unit(70 + turn))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    rig.delete("late0")
    with rig.db.read() as c:
        assert c.execute(select(func.min(shards.c.trimmed_to))).scalar_one() > 0
    return rig


def damage(rig: Rig) -> None:
    """Every file of every snapshot."""
    with rig.db.read() as c:
        found = c.execute(select(snapshots.c.files)).scalars().all()
    names = {stored["object"] for files in found for stored in files.values()}
    rig.store.objects |= dict.fromkeys(names, b"damaged")


def started(rig: Rig, name: str) -> Worker:
    worker = rig.worker(name)
    worker.catch_up()
    return worker


def all_hits(worker: Worker, **request: Any) -> list[str]:
    return worker.find(unit(7), limit=50, **request)


def ends(rig: Rig) -> dict[int, tuple[int, str]]:
    with rig.db.read() as c:
        return {row.shard: (row.seq, row.chain) for row in c.execute(select(shards))}


def test_a_rebuilt_shard_finds_what_the_one_from_the_snapshot_found(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    before = started(rig, "w2")
    damage(rig)
    with caplog.at_level(logging.WARNING):
        after = started(rig, "w3")
    assert after.rows() == before.rows() == COUNT
    assert after.indexer.broken.reasons() == {}
    assert {h.shard: (h.view.seq, h.view.chain) for h in after.indexer.shards.all()} == ends(rig)
    for seed in (3, 51, 61, 71, 105, 109):
        assert after.find(unit(seed), limit=50) == before.find(unit(seed), limit=50)
    for category in ("shoe", "dress"):
        wanted = Filters(category=(category,))
        assert all_hits(after, filters=wanted) == all_hits(before, filters=wanted) != []
    assert sum("was rebuilt from SQL" in record.getMessage() for record in caplog.records) == 2


def test_a_rebuilt_shard_follows_its_log(rig: Rig) -> None:
    damage(rig)
    worker = started(rig, "w2")
    rig.put("fresh", unit(80))
    rig.delete("p3")
    worker.catch_up()
    assert worker.find(unit(80), limit=1) == ["fresh"]
    assert worker.rows() == COUNT
    assert worker.indexer.broken.reasons() == {}


def test_a_rebuild_may_end_beyond_what_the_poll_saw(rig: Rig) -> None:
    """Under steady writes the log has grown before the rows are read."""
    damage(rig)
    worker = rig.worker("w2")
    rows = worker.follower.ends()
    rig.put("p3", unit(90))
    for row in rows:
        catch_up(worker.indexer, row)
    assert worker.indexer.broken.reasons() == {}
    assert worker.find(unit(90), limit=1) == ["p3"]


def test_a_rebuilt_shard_asks_for_a_snapshot_and_the_next_worker_loads_that(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    damage(rig)
    worker = started(rig, "w2")
    with rig.db.read() as c:
        assert set(c.execute(select(shards.c.seal_wanted)).scalars()) == {True}
    assert worker.seal()
    worker.catch_up()
    caplog.clear()
    assert started(rig, "w3").rows() == COUNT
    assert not [record for record in caplog.records if "rebuilt" in record.getMessage()]


@pytest.mark.parametrize("left", [None, b"damaged"])
def test_a_shard_is_not_rebuilt_without_a_segment_that_is_gone_or_damaged(
    rig: Rig, left: bytes | None
) -> None:
    """An answer that silently lacks a chunk's products would be worse than a shard named missing."""
    name = rig.put_chunk(["d0"], np.ones((1, DIM)))
    shard = placement.shard_of("d0", rig.index.shards)
    damage(rig)
    before = rig.store.objects.pop(name)
    if left is not None:
        rig.store.objects[name] = left
    worker = started(rig, "w2")
    assert [held.shard for held in worker.indexer.shards.all()] == [1 - shard]
    assert name in worker.indexer.broken.reasons()[rig.index.id, shard]
    rig.store.objects[name] = before
    worker.later(0.5)
    assert worker.rows() == COUNT + 1


def test_an_untrimmed_log_needs_no_rebuild(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    rig.put("p", unit(1))
    worker = started(rig, "w1")
    assert worker.seal()
    damage(rig)
    with caplog.at_level(logging.WARNING):
        assert started(rig, "w2").rows() == 1
    assert not [record for record in caplog.records if "rebuilt" in record.getMessage()]


def test_a_snapshot_of_another_history_is_passed_over_for_the_one_before(rig: Rig) -> None:
    """Its files are whole; only its chain tells, also where the log's entry at its position is trimmed."""
    with rig.db.write() as c:
        newest = c.execute(select(snapshots).where(snapshots.c.shard == 0).order_by(snapshots.c.seq)).all()[
            -1
        ]
        c.execute(update(snapshots).where(snapshots.c.id == newest.id).values(chain="f" * 16))
        assert c.execute(select(func.min(log.c.seq)).where(log.c.shard == 0)).scalar_one() <= newest.seq
    worker = started(rig, "w2")
    assert worker.rows() == COUNT
    assert worker.indexer.broken.reasons() == {}
    with rig.db.read() as c:
        bad = c.execute(select(snapshots.c.id).where(snapshots.c.bad_at.is_not(None))).scalars().all()
    assert bad == [newest.id]


def test_a_shard_whose_snapshots_are_all_of_another_history_is_rebuilt(rig: Rig) -> None:
    with rig.db.write() as c:
        c.execute(update(snapshots).values(chain="f" * 16))
    worker = started(rig, "w2")
    assert worker.rows() == COUNT
    assert worker.indexer.broken.reasons() == {}
