"""Decoders that crash, hoard or loop inside real vision workers: each costs its own job, and nothing else."""

from __future__ import annotations

import psutil
import pytest

from tests.deployment import until
from tests.faults.conftest import World
from tests.faults.fleet import QUICK, Member
from tests.faults.marked_decoder import ENDS
from tests.faults.shop import photo

pytestmark = pytest.mark.xdist_group("fleet")

GOOD = 12
POOLS = 2  # one for searches and writes, one for imports
SIZE = POOLS * int(QUICK["TUSOU_DECODE_CHILDREN"])


def decoders(worker: Member) -> set[int]:
    """The decode children that a vision worker has now."""
    found = set()
    for child in psutil.Process(worker.pid).children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "tests.faults.marked_decoder" in child.cmdline():
                found.add(child.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_decoder_that_is_lost_costs_its_own_job_in_searches_and_in_an_import(world: World) -> None:
    workers = world.fleet.of("vision")
    lives = [worker.pid for worker in workers]
    before = {worker.name: decoders(worker) for worker in workers}
    assert all(len(pids) == SIZE for pids in before.values())

    good = world.shop.accepted_for(range(GOOD // 2))
    bad = {world.shop.accepted(photo(3) + mark): mark for mark in ENDS}
    good += world.shop.accepted_for(range(GOOD // 2, GOOD))
    rows = {f"decoder-{n}": photo(200 + n) + mark for n, mark in enumerate(ENDS)}
    load = world.shop.load(world.fleet.data_folder, {"before": photo(300), **rows, "after": photo(301)})

    for job_id, mark in bad.items():
        job = world.shop.end(job_id)
        assert (job["state"], job["error"]) == ("rejected", None), (mark, job)
        assert [reason["code"] for reason in job["reasons"]] == [ENDS[mark]], mark
    assert world.shop.all_found() == len(good) == GOOD
    imported = world.shop.end(load)
    assert (imported["state"], imported["result"]["bad_rows"]) == ("succeeded", len(ENDS)), imported
    told = {fault["product_id"]: fault["reason"] for fault in world.shop.row_errors(load)}
    assert told == {row: ENDS[mark] for row, mark in zip(rows, ENDS, strict=True)}
    assert world.shop.first_found(photo(301)) == "after"

    def whole() -> bool:
        return all(len(decoders(worker)) == SIZE for worker in workers)

    until(whole, within=5, what="the size of every pool")
    assert [worker.pid for worker in workers] == lives
    assert all(worker.runs for worker in workers)
    lost = {pid for worker in workers for pid in before[worker.name] - decoders(worker)}
    assert lost, "children were replaced"
