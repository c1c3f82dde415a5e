"""An index worker follows the log, seals, restarts, and notices a database that is not its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Row, delete, insert, select, update

from shared.answer.deadlines import keep_time
from shared.catalog.filters import Filters
from shared.db.engine import now
from shared.db.tables import indexes, jobs, log, placements, replicas, shards, snapshots
from shared.index.placement import shard_of
from shared.index.versions import Version
from tests.index_rig import Rig, Worker, unit
from workers.indexer import lookup


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)


def test_a_write_is_found_once_followed_and_a_delete_is_not(rig: Rig) -> None:
    worker = rig.worker()
    for n in range(5):
        rig.put(f"p{n}", unit(n), title=f"t{n}")
    worker.catch_up()
    assert worker.find(unit(3), limit=1) == ["p3"]
    rig.delete("p3")
    assert "p3" not in worker.find(unit(3)), "SQL hides it before the index does"
    worker.catch_up()
    assert worker.rows() == 4
    assert "p3" not in worker.find(unit(3))


def test_filters_exclusions_and_scores_travel_with_the_search(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("a", unit(1), category="dress", price={"amount": "10", "currency": "EUR"})
    rig.put("b", unit(1), category="shoe", price={"amount": "10", "currency": "USD"})
    worker.catch_up()
    assert worker.find(unit(1), filters=Filters(category=("shoe",))) == ["b"]
    assert worker.find(unit(1), filters=Filters(price_max=20, currency="EUR")) == ["a"]
    assert worker.find(unit(1), exclude_products=("a",)) == ["b"]
    assert worker.find(-unit(1), min_score=0.5) == []


@pytest.mark.parametrize(
    ("of_model", "setting", "told"),
    [(None, None, False), (0.9, None, True), (0.5, None, False), (0.5, 0.9, True), (0.9, 0.5, False)],
)
def test_no_confident_match_is_what_the_setting_says_or_else_the_model(
    rig: Rig, of_model: float | None, setting: float | None, told: bool
) -> None:
    worker = rig.worker(no_match_below=setting)
    rig.put("a", unit(1))
    worker.catch_up()
    one, other = (unit(seed) / np.linalg.norm(unit(seed)) for seed in (1, 2))
    beside = other - (other @ one) * one
    nearly = one + beside / np.linalg.norm(beside)  # a cosine of .707

    row = worker.answer(rig.job(nearly, no_confident_match=of_model))

    assert 0.5 < row.result["items"][0]["hits"][0]["score"] < 0.9
    assert row.result["items"][0]["no_confident_match"] is told


def test_an_answer_says_what_failed_on_the_way_to_it(rig: Rig) -> None:
    rig.put("p", unit(1))
    worker = rig.worker()
    worker.catch_up()
    assert worker.answer(rig.job(unit(1), degraded=("detector_failed",))).result["degraded"] == [
        "detector_failed"
    ]
    assert worker.answer(rig.job(unit(1))).result["degraded"] == []


def test_a_restarted_worker_has_the_same_from_snapshot_and_log(rig: Rig) -> None:
    first = rig.worker()
    for n in range(6):
        rig.put(f"p{n}", unit(n))
    first.catch_up()
    assert first.seal()
    rig.delete("p0")
    rig.put("late", unit(99))
    again = rig.worker("w2")
    again.catch_up()
    first.catch_up()
    assert again.rows() == first.rows() == 6
    for n in (1, 5, 99):
        assert again.find(unit(n)) == first.find(unit(n))


def test_two_snapshots_are_kept_and_the_log_is_trimmed_to_the_older(rig: Rig) -> None:
    worker = rig.worker()
    for n in range(4):
        rig.put(f"p{n}", unit(n))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    with rig.db.read() as c:
        kept = list(c.execute(select(snapshots.c.seq).order_by(snapshots.c.seq)).scalars())
        least = min(c.execute(select(log.c.seq)).scalars())
        trimmed = c.execute(select(shards.c.trimmed_to)).scalar_one()
    assert len(kept) == 2
    assert kept[0] == trimmed == least - 1


def test_a_damaged_snapshot_is_noticed_and_the_one_before_serves(rig: Rig) -> None:
    worker = rig.worker()
    for n in range(4):
        rig.put(f"p{n}", unit(n))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    with rig.db.read() as c:
        newest = c.execute(select(snapshots).order_by(snapshots.c.seq.desc()).limit(1)).one()
    for stored in newest.files.values():
        rig.store.objects[stored["object"]] = b"not what was stored"
    again = rig.worker("w2")
    again.catch_up()
    assert again.rows() == 4
    with rig.db.read() as c:
        assert (
            c.execute(select(snapshots.c.bad_at).where(snapshots.c.id == newest.id)).scalar_one() is not None
        )


def test_a_flipped_byte_in_the_cache_is_fetched_again(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    worker.seal()
    for path in (worker.indexer.cache / rig.index.id / "0").iterdir():
        path.write_bytes(b"\x00" + path.read_bytes()[1:] + b"x")
    again = rig.worker("w1")
    again.catch_up()
    assert again.find(unit(1)) == ["p"]


def test_a_restored_database_makes_the_worker_reload(rig: Rig) -> None:
    """The log goes on from an older state with other entries: the chain tells, nothing wrong is served."""
    worker = rig.worker()
    rig.put("kept", unit(1))
    worker.catch_up()
    with rig.db.read() as c:
        before = c.execute(select(shards)).one()
    rig.put("lost", unit(2))
    worker.catch_up()
    with rig.db.write() as c:
        c.execute(delete(log).where(log.c.seq > before.seq))
        c.execute(update(shards).values(seq=before.seq, chain=before.chain))
    rig.put("other", unit(3))
    worker.catch_up()
    worker.later(0.5)
    assert worker.rows() == 2
    assert set(worker.find(unit(2))) == {"kept", "other"}


def test_before_it_has_noticed_a_restored_database_a_worker_answers_nothing(rig: Rig) -> None:
    """Its polls failed while the database was away: what it holds may be of another history."""
    worker = rig.worker()
    rig.put("kept", unit(1))
    worker.catch_up()
    with rig.db.read() as c:
        before = c.execute(select(shards)).one()
    rig.put("kept", unit(2))
    worker.catch_up()
    with rig.db.write() as c:
        c.execute(delete(log).where(log.c.seq > before.seq))
        c.execute(update(shards).values(seq=before.seq, chain=before.chain))
    (held,) = worker.indexer.shards.all()
    held.current_at -= lookup.COMPARED_WITHIN_S + 0.1
    job_id = rig.job(unit(2))
    assert worker.answer(job_id).state == "running"
    worker.catch_up()
    worker.later(0.5)
    row = worker.answer(job_id)
    assert [hit["score"] < 0.9 for hit in row.result["items"][0]["hits"]] == [True]


def test_a_worker_that_could_not_look_for_a_while_answers_from_what_is_still_true(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("kept", unit(1))
    worker.catch_up()
    rig.put("newer", unit(2))
    (held,) = worker.indexer.shards.all()
    held.current_at -= 60
    assert worker.find(unit(1)) == ["kept"]


def test_sealing_is_one_holders_work(rig: Rig) -> None:
    one, two = rig.worker("w1"), rig.worker("w2")
    rig.put("p", unit(1))
    one.catch_up()
    two.catch_up()
    rig.seal_wanted()
    held = one.indexer.shards.all()[0]
    assert one.sealer._lease(held)
    assert not two.sealer.seal(two.indexer.shards.all()[0], "shop")


def test_a_search_waits_for_its_version_and_says_when_it_cannot_be_had(rig: Rig) -> None:
    worker = rig.worker()
    worker.catch_up()
    reached = rig.put("p", unit(1))
    wanted = Version(rig.index.id, reached).encode()
    job_id = rig.job(unit(1), min_version=wanted)
    with rig.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(answer_by=now() + 0.3))
    row = worker.answer(job_id)
    assert (row.state, row.error["code"], row.error["retryable"]) == ("failed", "version_not_reached", True)
    worker.catch_up()
    assert worker.find(unit(1), min_version=wanted) == ["p"]


def test_nothing_is_computed_after_answer_by_or_for_another_attempt(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    late, stale = rig.job(unit(1)), rig.job(unit(1))
    with rig.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == late).values(answer_by=now() - 1))
        c.execute(update(jobs).where(jobs.c.id == stale).values(attempt=2))
    assert worker.answer(late).state == "running"
    assert worker.answer(stale).state == "running"


@pytest.fixture
def two_groups(tmp_path: Path) -> Rig:
    """Shard 0 in g1, shard 1 in g2."""
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path, shard_count=2)
    with rig.db.write() as c:
        c.execute(update(placements).where(placements.c.shard == 1).values(group="g2"))
    for n in range(20):
        rig.put(f"p{n}", unit(n))
    return rig


def test_the_last_of_two_groups_finishes_and_a_repeated_part_changes_nothing(two_groups: Rig) -> None:
    one, two = two_groups.worker("w1", "g1"), two_groups.worker("w2", "g2")
    one.catch_up()
    two.catch_up()
    assert one.rows() + two.rows() == 20
    job_id = two_groups.job(unit(7), limit=20)
    assert one.answer(job_id).state == "running"
    assert one.answer(job_id).parts_left == 1
    row = two.answer(job_id)
    assert row.state == "succeeded"
    assert {h["product"]["id"] for h in row.result["items"][0]["hits"]} == {f"p{n}" for n in range(20)}
    assert row.result["index"] == row.result["index"] | {"partial": False, "missing": []}


def test_search_is_partial_when_one_group_is_down_and_fails_when_all_are(two_groups: Rig) -> None:
    one = two_groups.worker("w1", "g1")
    one.catch_up()
    half, none = two_groups.job(unit(7), limit=20), two_groups.job(unit(7))
    one.answer(half)
    with two_groups.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == half).values(partial_at=now() - 1))
        c.execute(update(jobs).where(jobs.c.id == none).values(partial_at=now() - 1, answer_by=now() - 0.1))
    keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
    row = two_groups.row(half)
    assert row.state == "succeeded"
    assert (row.result["index"]["partial"], row.result["index"]["missing"]) == (True, [1])
    failed = two_groups.row(none)
    assert (failed.state, failed.error["code"]) == ("failed", "index_unavailable")


def test_only_missing_parts_are_asked_for_again(two_groups: Rig) -> None:
    one = two_groups.worker("w1", "g1")
    one.catch_up()
    job_id = two_groups.job(unit(7))
    one.answer(job_id)
    with two_groups.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(hedge_at=now() - 1))
        c.execute(insert(replicas).values(process="w2", group="g2", state={}, seen_at=now()))
    for _ in range(2):
        keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
    assert [(task, group) for task, _, group in two_groups.silent.sent] == [("index.search", "g2")]


def test_a_group_that_nobody_serves_is_not_asked_again(two_groups: Rig) -> None:
    one = two_groups.worker("w1", "g1")
    job_id = two_groups.job(unit(7))
    with two_groups.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(hedge_at=now() - 1))
        c.execute(insert(replicas).values(process="w2", group="g2", state={}, seen_at=now() - 60))
    keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
    assert two_groups.silent.sent == []


def test_a_group_that_comes_back_is_asked_within_a_second(two_groups: Rig) -> None:
    """However old the search is by then: its waits double only while somebody is asked."""
    one = two_groups.worker("w1", "g1")
    job_id = two_groups.job(unit(7))
    with two_groups.db.write() as c:
        values = {"handed_at": now() - 8, "hedge_at": now() - 1}
        c.execute(update(jobs).where(jobs.c.id == job_id).values(**values))
    keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
    with two_groups.db.read() as c:
        wait = c.execute(select(jobs.c.hedge_at - now()).where(jobs.c.id == job_id)).scalar_one()
    assert wait < 1


def half_answered(two_groups: Rig) -> tuple[Worker, str]:
    """A worker of the first group and a search that it has answered, of a version of the second."""
    one = two_groups.worker("w1", "g1")
    one.catch_up()
    late = next(f"z{n}" for n in range(50) if shard_of(f"z{n}", 2) == 1)
    version = Version(two_groups.index.id, two_groups.put(late, unit(99))).encode()
    job_id = two_groups.job(unit(99), min_version=version)
    one.answer(job_id)
    return one, job_id


def test_a_search_is_not_partial_without_the_part_that_its_version_names(two_groups: Rig) -> None:
    one, job_id = half_answered(two_groups)

    def tick(**times: Any) -> Row[Any]:
        with two_groups.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(**times))
        keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
        return two_groups.row(job_id)

    assert tick(partial_at=now() - 1).state == "running"
    ended = tick(answer_by=now() - 0.1)
    assert (ended.state, ended.error["code"]) == ("failed", "version_not_reached")


def test_a_group_that_a_version_waits_for_is_asked_no_more_often_than_others(two_groups: Rig) -> None:
    """Its search stays due from `partial_at` on; that is no reason to ask at every look."""
    one, job_id = half_answered(two_groups)
    with two_groups.db.write() as c:
        times = {"partial_at": now() - 1, "hedge_at": now() + 60}
        c.execute(update(jobs).where(jobs.c.id == job_id).values(**times))
        c.execute(insert(replicas).values(process="w2", group="g2", state={}, seen_at=now()))
    for _ in range(3):
        keep_time(two_groups.db, one.indexer.finisher, two_groups.silent, replica_seen=5)
    assert two_groups.silent.sent == []


def test_shards_of_a_retired_index_are_dropped(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    assert len(worker.indexer.shards.all()) == 1
    with rig.db.write() as c:
        c.execute(update(indexes).values(state="retired"))
    worker.catch_up()
    assert worker.indexer.shards.all() == []
