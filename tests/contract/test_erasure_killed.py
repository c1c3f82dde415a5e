"""An erasure goes on wherever whoever did it was killed, and whoever does it beside; on both databases."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from shared.db.engine import Database
from shared.db.tables import objects, rewrites, shards
from tests.erasure_rig import ErasureRig
from tests.index_rig import Worker, unit
from workers.keeper.rounds import erasing, removal, sealing


class Killed(BaseException):
    """Nothing in the code that dies may catch it."""


class KillOnce:
    """Every place that writes to the database dies twice: before its first commit, and after its second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: set[tuple[str, str]] = set()
        self.armed = True
        write = Database.write

        @contextmanager
        def dying(db: Database) -> Iterator[Connection]:
            place = sys._getframe(2).f_code.co_name
            with write(db) as c:
                yield c
                self._die(place, "before the commit")
            self._die(place, "after the commit")

        monkeypatch.setattr(Database, "write", dying)

    def _die(self, place: str, when: str) -> None:
        if self.armed and (place, when) not in self.done:
            self.done.add((place, when))
            raise Killed(f"{place}, {when}")


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> ErasureRig:
    rig = ErasureRig(database_url, tmp_path, shard_count=2)
    rig.put_chunk([f"p{n}" for n in range(6)], [unit(n) for n in range(6)])
    rig.put_chunk([f"q{n}" for n in range(6)], [unit(10 + n) for n in range(6)])
    return rig


def started(rig: ErasureRig, name: str) -> Worker:
    worker = rig.worker(name)
    worker.catch_up()
    return worker


def leases_run_out(rig: ErasureRig) -> None:
    with rig.db.write() as c:
        c.execute(update(rewrites).values(lease_until=1.0))
        c.execute(update(shards).values(seal_lease_until=1.0))


def test_whoever_is_killed_at_any_step_the_next_one_ends_it(
    rig: ErasureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = started(rig, "w1")
    receipt_id = rig.erase("p1")
    kill = KillOnce(monkeypatch)
    actors: list[Callable[[], Any]] = [
        lambda: erasing.run(rig.keeper),
        lambda: sealing.run(rig.keeper),
        worker.catch_up,
        worker.sealer.seal_asked,
        worker.catch_up,
        worker.rewriter.rewrite_asked,
        worker.replica.tell,
        lambda: removal.run(rig.keeper),
    ]
    for _ in range(80):
        for act in actors:
            try:
                act()
            except Killed:
                kill.armed = False
                leases_run_out(rig)
                kill.armed = True
        if rig.receipt(receipt_id).erased_at is not None:
            break
    kill.armed = False
    assert rig.receipt(receipt_id).erased_at is not None
    places = {place for place, _ in kill.done}
    assert {
        "begin",
        "go_on",
        "_rewrite",
        "go_live",
        "_without_subjects",
        "_date",
        "_delete",
        "_lease",
    } <= places
    assert rig.files_with(unit_bytes(1)) == []
    for seed, product_id in ((0, "p0"), (2, "p2"), (11, "q1")):
        assert worker.find(unit(seed), store=False)[0] == product_id
    assert "p1" not in worker.find(unit(1), store=False)
    with rig.db.read() as c:
        owned = set(c.execute(select(objects.c.name).where(objects.c.name.like("segments/%"))).scalars())
    # A rewriter that died before its commit left an object without owner to the sweep.
    assert owned <= set(rig.store.list("segments/"))
    fresh = started(rig, "w2")
    assert fresh.rows() == 11


def unit_bytes(seed: int) -> bytes:
    from shared.vectors.codec import to_unit_f16

    return to_unit_f16(unit(seed)).tobytes()


def test_keepers_and_index_workers_side_by_side_erase_it_once(rig: ErasureRig) -> None:
    workers = [started(rig, "w1"), started(rig, "w2")]
    keepers = [rig.keeper, rig.new_keeper(process="k2")]
    receipts = [rig.erase(product_id) for product_id in ("p1", "p2", "q3")]
    surprises: list[BaseException] = []

    def guarded(act: Callable[[], Any]) -> None:
        try:
            act()
        except BaseException as error:
            surprises.append(error)

    def together(*acts: Callable[[], Any]) -> None:
        threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for _ in range(12):
        together(*(lambda k=k: erasing.run(k) for k in keepers))
        together(*(lambda k=k: sealing.run(k) for k in keepers))
        for worker in workers:
            worker.catch_up()
        together(*(w.sealer.seal_asked for w in workers))
        together(*(w.catch_up for w in workers))
        together(*(w.rewriter.rewrite_asked for w in workers))
        for worker in workers:
            worker.replica.tell()
        removal.run(rig.keeper)
        if all(rig.receipt(receipt).erased_at is not None for receipt in receipts):
            break
    assert surprises == []
    assert all(rig.receipt(receipt).erased_at is not None for receipt in receipts)
    for worker in workers:
        assert worker.rows() == 9
        assert worker.find(unit(14), store=False)[0] == "q4"


def test_a_follower_in_the_middle_of_the_old_segment_loads_the_shard_anew(rig: ErasureRig) -> None:
    other, late = started(rig, "w1"), rig.worker("late")
    receipt_id = rig.erase("p1")
    store = rig.store

    class ErasedMeanwhile:
        """The segment goes between the log's entry and the read of what it names."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def get_range(self, *args: Any, **kwargs: Any) -> bytes:
            if rig.receipt(receipt_id).erased_at is None:
                rig.turn_until_erased(receipt_id, other)
            return bytes(store.get_range(*args, **kwargs))

    late.indexer.store = ErasedMeanwhile()  # type: ignore[assignment]  # a store but for one method
    late.catch_up()
    for _ in range(4):
        late.later(60)
    assert late.indexer.broken.reasons() == {}
    assert late.rows() == 11
    assert late.find(unit(12), store=False)[0] == "q2"


def test_an_index_worker_that_still_serves_the_old_snapshot_holds_the_second_date_up(rig: ErasureRig) -> None:
    worker, behind = started(rig, "w1"), started(rig, "behind")
    behind.replica.tell()
    receipt_id = rig.erase("p1")
    for _ in range(8):
        rig.turn(worker)
    assert rig.receipt(receipt_id).clean_at is None
    behind.catch_up()
    behind.later(60)
    behind.replica.tell()
    rig.turn_until_erased(receipt_id, worker)
    cached = [file for file in behind.settings.index_cache.rglob("*") if file.is_file()]
    assert not any(unit_bytes(1) in file.read_bytes() for file in cached)
