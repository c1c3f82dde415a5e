"""The way to the database is bad, or it comes back in an older state: refused at once, nothing wrong told."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from tests.deployment import until
from tests.faults.fleet import timed
from tests.faults.network.conftest import AWAY_S, GROUPS, PRODUCTS, World
from tests.faults.shop import POST_WITHIN_S, Shop, photo, shopping

pytestmark = pytest.mark.xdist_group("network")


def reset(world: World) -> AbstractContextManager[None]:
    return world.to_database.reset()


def frozen(world: World) -> AbstractContextManager[None]:
    return world.to_database.frozen()


def half_open(world: World) -> AbstractContextManager[None]:
    return world.to_database.half_open()


def slow(world: World) -> AbstractContextManager[None]:
    return world.to_database.latency(0.02)


def dripping(world: World) -> AbstractContextManager[None]:
    return world.to_database.drip(400.0)  # a row of a job in seconds


def cut(world: World) -> AbstractContextManager[None]:
    return world.to_database.cut_after(900)  # in the middle of a transaction


Fault = Callable[[World], AbstractContextManager[None]]


@pytest.mark.parametrize("fault", [reset, frozen])
def test_without_a_way_to_its_database_the_gateway_says_so_at_once_and_all_recovers(
    world: World, fault: Fault
) -> None:
    world.shop.accepted_for(range(8))
    with fault(world), shopping(world.shop, PRODUCTS) as meanwhile:
        time.sleep(POST_WITHIN_S)
        ready = world.fleet.readiness()
    assert {p.status for p in meanwhile} <= {202, 503}, meanwhile
    assert (meanwhile[-1].status, meanwhile[-1].body["retryable"]) == (503, True)
    assert all(p.in_order for p in meanwhile), meanwhile
    assert max(p.seconds for p in meanwhile) < POST_WITHIN_S, meanwhile
    assert (ready["status"], ready["parts"]["database"][:4]) == ("down", "away"), ready
    with timed(f"database {fault.__name__}"):
        world.shop.all_found(shards=len(GROUPS))


# Each statement hears something in time: only their sum is long.
LONGEST_S = {dripping: 6 * POST_WITHIN_S}


@pytest.mark.parametrize("fault", [half_open, slow, dripping, cut])
def test_connections_that_are_lost_or_slow_are_made_up_for(world: World, fault: Fault) -> None:
    world.shop.accepted_for(range(8))
    with fault(world), shopping(world.shop, PRODUCTS) as meanwhile:
        time.sleep(AWAY_S)
    assert {p.status for p in meanwhile} <= {202, 429, 503}, meanwhile
    assert all(p.body["retryable"] for p in meanwhile if p.status != 202)
    assert all(p.in_order for p in meanwhile), meanwhile
    # A second until the first is given up, then the way of a new connection.
    assert max(p.seconds for p in meanwhile) < LONGEST_S.get(fault, 2 * POST_WITHIN_S), meanwhile
    with timed(f"database {fault.__name__}"):
        world.shop.all_found(shards=len(GROUPS))


def test_index_workers_leave_the_history_that_a_restored_database_has_lost(world: World) -> None:
    """After the backup a product is added, one changed and one deleted: once it is restored, none was."""
    shop, database, folder = world.shop, world.database, world.fleet.data_folder
    backup = database.folder / "backup"
    database.stop()
    subprocess.run(["cp", "-a", database.data, backup], check=True)
    database.start()
    world.fleet.wait_ready()
    shop.put_image(folder, "lost", photo(500))
    shop.put_image(folder, "p0", photo(501))
    shop.delete("/v1/products/p1")
    for number, product in ((500, "lost"), (501, "p0"), (1, "")):
        until(lambda n=number, p=product: shop.match(photo(n)) == p, within=30, what=f"{product} found")

    database.stop()
    shutil.rmtree(database.data)
    backup.rename(database.data)
    database.start()
    truth = {500: "", 501: "", 0: "p0", 1: "p1"}
    answers: list[tuple[int, str | None]] = []
    with timed("a restored database"):
        until(
            lambda: (
                {pair for pair in _look(shop, truth, answers) if pair[1] is not None} == set(truth.items())
            ),
            within=30,
            what="an answer to each",
        )
    assert set(answers) <= {*truth.items(), *((n, None) for n in truth)}, "no wrong one before"

    shop.put_image(folder, "other", photo(502))
    until(lambda: shop.match(photo(502)) == "other", within=30, what="a product of the new history")


def _look(
    shop: Shop, numbers: Iterable[int], answers: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """One round of answers, which `answers` gathers."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: (n, shop.match(photo(n))), numbers))
    answers += found
    return found
