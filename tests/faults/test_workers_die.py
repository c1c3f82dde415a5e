"""Workers die, freeze, hang and are told to stop with work in flight: nothing is lost, nobody is blamed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from shared.db.tables import chunks, images, jobs, log, products, shards
from tests.deployment import until
from tests.faults.conftest import World
from tests.faults.fleet import Member, defaults, fleet, timed
from tests.faults.long import LONG
from tests.faults.marked_worker import DEADLY, STUCK, slow
from tests.faults.shop import Shop, found, photo, plain
from tests.faults.stacks import wheels
from workers.vision.batching.watchdog import EXIT_CODE as ENDED_BY_WATCHDOG

pytestmark = pytest.mark.xdist_group("fleet")

COUNT = 16
INDEX_READY_WITHIN_S = 30.0
# One of each step that writes; tests/faults/test_index_worker_dies.py dies at all of them, many times.
SEALING = ("apply.applied", "seal.built", "snapshot.file_stored", "live.pointer_moved", "take_up.loaded")
PAUSE_S = 90.0
# What a fleet of tests has shorter.
TIMES = (
    "TUSOU_LEASE",
    "TUSOU_HEARTBEAT",
    "TUSOU_FIRST_DUE",
    "TUSOU_LOST_MESSAGE_AFTER",
    "TUSOU_REPLICA_SEEN",
    "TUSOU_MODEL_STUCK_AFTER",
    "TUSOU_ANSWER_WITHIN",
)


def in_flight(world: World) -> list[str]:
    """Searches of which each takes a while, claimed by workers; returns their ids."""
    ids = world.shop.accepted_at_once([plain(*slow(n)) for n in range(COUNT)])
    until(lambda: holder(world, *ids), within=20, what="a claim")
    return ids


def holder(world: World, *ids: str) -> Member | None:
    """A vision worker that holds one of these searches now."""
    names = {row.claimed_by for row in rows(world, ids).values()}
    return next((member for member in world.fleet.of("vision") if member.process in names), None)


def rows(world: World, ids: Sequence[str]) -> dict[str, Any]:
    with world.fleet.db.read() as c:
        return {row.id: row for row in c.execute(select(jobs).where(jobs.c.id.in_(ids)))}


def losses(world: World) -> int:
    """How often a process ended while a job ran alone in it, of the job that this happened to most often."""
    with world.fleet.db.read() as c:
        return int(c.execute(select(func.max(jobs.c.losses_alone))).scalar_one())


def test_searches_of_vision_workers_that_are_killed_are_done_by_who_comes(world: World) -> None:
    in_flight(world)
    for worker in world.fleet.of("vision"):
        worker.kill()
    world.fleet.of("vision")[0].start()
    with timed("both vision workers killed, one back"):
        assert world.shop.all_found() == COUNT
    assert losses(world) == 0


def test_a_vision_worker_that_wakes_beside_its_successor_changes_nothing(world: World) -> None:
    ids = in_flight(world)
    paused = holder(world, *ids)
    paused.signal(signal.SIGSTOP)
    held = [row.id for row in rows(world, ids).values() if row.claimed_by == paused.process]
    try:
        with timed("a vision worker paused beyond its lease"):
            assert world.shop.all_found() == COUNT
        before = rows(world, ids)
    finally:
        paused.signal(signal.SIGCONT)
    assert held
    until(lambda: awake(paused), within=20, what="the paused worker's end of its old work")
    assert rows(world, ids) == before
    assert losses(world) == 0


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[World]:
    """A fleet of its own with the leases and waits of a deployment."""
    with wheels() as servers, fleet(tmp_path / "home", servers.env | defaults(TIMES), vision=2) as whole:
        assert servers.database is not None
        shop = Shop(whole.url)
        yield World(whole, shop, servers.database, servers.redis)
        shop.close()


@pytest.mark.skipif(not LONG, reason="it takes two minutes; TUSOU_TEST_LONG=1 does it")
@pytest.mark.timeout(600)
def test_a_vision_worker_stopped_for_90_s_that_wakes_beside_its_successor_changes_nothing(
    patient: World,
) -> None:
    first = patient.shop.load(patient.fleet.data_folder, {"p": photo(1)})
    assert patient.shop.end(first)["state"] == "succeeded"
    slowly = {f"q{n}": plain(*slow(COUNT + n)) for n in range(4)}
    imported = patient.shop.load(patient.fleet.data_folder, slowly)
    ids = in_flight(patient)
    paused = until(lambda: holder(patient, *ids), within=20, what="a claim")
    paused.signal(signal.SIGSTOP)
    began = time.monotonic()
    held = [row.id for row in rows(patient, ids).values() if row.claimed_by == paused.process]
    try:
        with timed("a vision worker paused beyond the default lease"):
            assert patient.shop.all_found(within=PAUSE_S) == COUNT
            assert patient.shop.end(imported, within=PAUSE_S)["state"] == "succeeded"
        before = written(patient)
        time.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))
    finally:
        paused.signal(signal.SIGCONT)
    assert held
    until(lambda: awake(paused), within=60, what="the paused worker's end of its old work")
    assert written(patient) == before
    assert losses(patient) == 0


def written(world: World) -> dict[str, list[str]]:
    """What work on jobs leaves behind."""
    with world.fleet.db.read() as c:
        return {
            table.name: sorted(map(repr, c.execute(select(table))))
            for table in (jobs, chunks, images, products, log)
        }


def awake(paused: Member) -> bool:
    """It has come to the end of its old work, or its watchdog took the long pause for a hang."""
    return "lost_claim" in paused.said() or paused.status == ENDED_BY_WATCHDOG


def test_a_vision_worker_that_is_told_to_stop_finishes_what_it_has_begun(world: World) -> None:
    ids = in_flight(world)
    told = holder(world, *ids)
    told.signal(signal.SIGTERM)
    with timed("a vision worker told to stop, under load"):
        assert told.wait() == os.EX_OK
    assert world.shop.all_found() == COUNT
    assert not any(row.suspect or row.losses_alone for row in rows(world, ids).values())


def test_a_model_that_hangs_is_cut_off_at_a_stop_and_ended_by_the_watchdog_otherwise(world: World) -> None:
    in_flight(world)
    stuck = world.shop.accepted(plain(*STUCK))
    first = until(lambda: holder(world, stuck), within=20, what="a claim")
    first.signal(signal.SIGTERM)
    with timed("a hanging vision worker told to stop"):
        assert first.wait() == os.EX_OK
    row = rows(world, [stuck])[stuck]
    assert (row.state, row.suspect) == ("running", False), "handed back, and no loss"
    second = until(lambda: holder(world, stuck), within=20, what="another claim")
    with timed("a hanging model ends its process"):
        assert second.wait() == ENDED_BY_WATCHDOG
    world.shop.cancel(stuck)
    world.fleet.heal()
    assert world.shop.all_found() == COUNT
    assert losses(world) == 0


def test_a_photo_that_kills_its_worker_each_time_ends_alone_and_so_does_a_row_of_an_import(
    world: World,
) -> None:
    ids = in_flight(world)
    deadly = world.shop.accepted(plain(*DEADLY))
    with_deadly_row = world.shop.load(
        world.fleet.data_folder, {"good": photo(1000), "deadly": plain(*DEADLY)}
    )

    def ended(job_id: str) -> bool:
        world.fleet.revive()
        return world.shop.job(job_id)["state"] not in ("queued", "running")

    with timed("a deadly search and a deadly row"):
        until(lambda: ended(deadly), within=100, what="the deadly search")
        until(lambda: ended(with_deadly_row), within=100, what="the import")
    failed = world.shop.get("/v1/jobs?state=failed")["jobs"]
    assert [listed["id"] for listed in failed] == [deadly], "what was given up stands in a list"
    job = world.shop.job(deadly)
    assert (job["state"], job["error"]["code"], job["error"]["retryable"]) == ("failed", "worker_lost", True)
    assert rows(world, [deadly])[deadly].losses_alone == 3
    assert world.shop.all_found() == COUNT
    assert not any(row.losses_alone for row in rows(world, ids).values())

    imported = world.shop.job(with_deadly_row)
    assert (imported["state"], imported["result"]["bad_rows"]) == ("succeeded", 1), imported
    (fault,) = world.shop.row_errors(with_deadly_row)
    assert (fault["line"], fault["product_id"], fault["reason"]) == (2, "deadly", "worker_lost")

    again = world.shop.post(f"/v1/jobs/{deadly}:retry")
    assert (again.status, again.body["state"]) == (202, "queued")
    world.shop.cancel(deadly)


def test_searches_go_on_while_one_index_worker_of_a_group_is_left(world: World) -> None:
    first, second = world.fleet.of("indexer")
    world.shop.accepted_for(range(COUNT))
    first.kill()
    world.shop.accepted_for(range(COUNT))
    with timed("one of two index workers killed"):
        assert world.shop.all_found() == 2 * COUNT

    second.kill()
    nobody = world.shop.accepted(photo(1))
    with timed("no index worker: failed"):
        job = world.shop.end(nobody)
    assert (job["state"], job["error"]["code"], job["error"]["retryable"]) == (
        "failed",
        "index_unavailable",
        True,
    )
    assert world.fleet.readiness()["parts"]["index_workers"].startswith("away")

    assert world.shop.search_for(2).status == 202
    second.start()
    with timed("an index worker comes back"):
        assert world.shop.all_found() == 1
    retried = world.shop.post(f"/v1/jobs/{nobody}:retry")
    assert retried.status == 202
    assert found(world.shop.end(nobody))


def test_an_index_worker_that_dies_while_it_follows_or_seals_is_ready_again_within_seconds(
    world: World,
) -> None:
    first, second = world.fleet.of("indexer")
    second.kill()
    for n, point in enumerate(SEALING):
        first.kill()
        first.start(point)
        until(lambda: first.status is not None or first.serves, within=INDEX_READY_WITHIN_S, what="a start")
        world.shop.put_image(world.fleet.data_folder, "sealed", photo(2000 + n))
        with world.fleet.db.write() as c:
            c.execute(update(shards).values(seal_wanted=True, seal_lease_until=None))
        assert first.wait() == -signal.SIGKILL, point
        first.start()
        with timed(f"an index worker that died at {point}"):
            until(first.ready, within=INDEX_READY_WITHIN_S, what=f"an index worker after {point}")
            world.shop.search_for(1)
            assert world.shop.all_found() == 1
