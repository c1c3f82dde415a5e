"""`min_version` is met on the log's own path only: never by another history at the same number."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Row, delete, select, update

from shared.db.engine import now
from shared.db.tables import jobs, log, shards
from shared.index.versions import Version
from tests.index_rig import Rig, Worker, unit
from workers.indexer import min_version


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)


def rewritten(rig: Rig) -> str:
    """The log's only entry was replaced by another, as after a restore; returns the version that was lost."""
    lost = Version(rig.index.id, rig.put("lost", unit(2))).encode()
    with rig.db.read() as c:
        first = c.execute(select(log)).one()
    with rig.db.write() as c:
        c.execute(delete(log).where(log.c.seq == first.seq))
        c.execute(update(shards).values(seq=0, chain="0" * 16))
    rig.put("other", unit(3))
    return lost


def refused(row: Row[object]) -> tuple[str, str, bool]:
    return row.state, row.error["code"], row.error["retryable"]


def test_a_version_of_another_history_is_refused_though_its_number_is_reached(rig: Rig) -> None:
    lost = rewritten(rig)
    worker = rig.worker()
    worker.catch_up()
    assert worker.find(unit(3)) == ["other"]
    row = worker.answer(rig.job(unit(3), min_version=lost))
    assert refused(row) == ("failed", "version_not_reached", False)
    assert "another history" in row.error["detail"]


def test_a_replica_that_still_holds_the_older_history_does_not_answer_for_the_newer(rig: Rig) -> None:
    """Between a restore and the follower's next look, its own position says nothing."""
    worker = rig.worker()
    with rig.db.read() as c:
        assert c.execute(select(shards.c.seq)).scalar_one() == 0
    lost = rig.put("lost", unit(2))
    worker.catch_up()
    with rig.db.write() as c:
        c.execute(delete(log))
        c.execute(update(shards).values(seq=0, chain="0" * 16))
    reached = rig.put("other", unit(3))
    assert {shard: seq for shard, (seq, _) in reached.items()} == {s: seq for s, (seq, _) in lost.items()}
    wanted = Version(rig.index.id, reached).encode()
    assert refused(worker.answer(rig.job(unit(3), min_version=wanted))) == (
        "failed",
        "version_not_reached",
        True,
    )
    worker.catch_up()
    worker.later(0.5)
    assert worker.find(unit(3), min_version=wanted) == ["other"]


def test_a_version_behind_ours_is_met(rig: Rig) -> None:
    worker = rig.worker()
    early = Version(rig.index.id, rig.put("early", unit(1))).encode()
    rig.put("late", unit(2))
    worker.catch_up()
    assert worker.find(unit(1), limit=1, min_version=early) == ["early"]


def busy(worker: Worker) -> None:
    """All threads that may wait for a version do."""
    while worker.indexer.may_wait.acquire(blocking=False):
        pass


def test_a_search_that_may_not_wait_here_goes_round_again(rig: Rig) -> None:
    worker = rig.worker()
    worker.catch_up()
    wanted = Version(rig.index.id, rig.put("p", unit(1))).encode()
    busy(worker)
    job_id = rig.job(unit(1), min_version=wanted)
    assert worker.answer(job_id).state == "running"
    assert [(task, message.id) for task, message, _ in rig.silent.sent] == [("index.search", job_id)]


def test_who_waited_in_vain_lets_the_next_one_wait(rig: Rig) -> None:
    worker = rig.worker()
    worker.catch_up()
    wanted = Version(rig.index.id, rig.put("p", unit(1))).encode()
    for _ in range(worker.settings.index_threads):
        job_id = rig.job(unit(1), min_version=wanted)
        with rig.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(answer_by=now() + 0.6))
        assert refused(worker.answer(job_id)) == ("failed", "version_not_reached", True)
    assert rig.silent.sent == []


def test_a_search_of_a_shard_not_loaded_yet_waits_only_where_it_may(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One new shard does not take every thread: the search goes round until its time to wait is over."""
    monkeypatch.setattr(min_version, "PLACED_WITHIN_S", 3600.0)
    worker = rig.worker()
    busy(worker)
    job_id = rig.job(unit(1))
    assert worker.answer(job_id).state == "running"
    assert [(task, message.id) for task, message, _ in rig.silent.sent] == [("index.search", job_id)]


def test_a_search_handed_over_long_ago_does_not_wait_for_a_shard_that_never_came(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = rig.worker()
    job_id = rig.job(unit(1))
    with rig.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(handed_at=now() - 60))

    def waited(*_: object) -> bool:
        raise AssertionError("it waited")

    monkeypatch.setattr(worker.indexer.shards, "wait_for", waited)
    assert worker.answer(job_id).state == "running"
    assert rig.silent.sent == [], "its part is missing, and nobody is asked again here"


def test_a_search_that_came_before_its_shard_lets_the_next_one_wait(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(min_version, "PLACED_WITHIN_S", 0.05)
    worker = rig.worker()
    for _ in range(worker.settings.index_threads):
        worker.answer(rig.job(unit(1)))
    assert rig.silent.sent == []
    rig.put("p", unit(1))
    worker.catch_up()
    assert worker.find(unit(1)) == ["p"]
