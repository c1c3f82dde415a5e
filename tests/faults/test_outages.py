"""Broker and database die, freeze, come back empty: what was accepted ends well, the rest refused at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.faults.conftest import PRODUCTS, World
from tests.faults.fleet import timed
from tests.faults.shop import POST_WITHIN_S, shopping
from tests.servers.server import Server

pytestmark = pytest.mark.xdist_group("fleet")


@contextmanager
def killed(server: Server) -> Iterator[None]:
    server.kill()
    yield
    server.start()


@contextmanager
def killed_and_emptied(server: Server) -> Iterator[None]:
    server.kill()
    server.wipe()
    yield
    server.start()


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    server.freeze()
    yield
    server.thaw()
    server.wait_until_ready()


Outage = Callable[[Server], AbstractContextManager[None]]


@pytest.mark.parametrize("outage", [killed_and_emptied, frozen])
def test_every_search_ends_well_whatever_happens_to_the_broker(world: World, outage: Outage) -> None:
    first = world.shop.accepted_for(range(20))
    with outage(world.broker), shopping(world.shop, PRODUCTS) as meanwhile:
        time.sleep(POST_WITHIN_S)
    # The row is the truth: no broker is needed to accept.
    assert {p.status for p in meanwhile} == {202}, meanwhile
    assert max(p.seconds for p in meanwhile) < POST_WITHIN_S
    with timed(f"broker {outage.__name__}"):
        assert world.shop.all_found() == len(first) + len(meanwhile)


@pytest.mark.parametrize("outage", [killed, frozen])
def test_without_its_database_the_gateway_says_so_at_once_and_all_recovers(
    world: World, outage: Outage
) -> None:
    world.shop.accepted_for(range(8))
    with outage(world.database), shopping(world.shop, PRODUCTS) as meanwhile:
        time.sleep(POST_WITHIN_S)
        ready = world.fleet.readiness()
    assert {p.status for p in meanwhile} <= {202, 503}, meanwhile
    assert (meanwhile[-1].status, meanwhile[-1].body["retryable"]) == (503, True)
    assert max(p.seconds for p in meanwhile) < POST_WITHIN_S, meanwhile
    assert ready["status"] == "down"
    assert ready["parts"]["database"].startswith("away"), ready
    with timed(f"database {outage.__name__}"):
        world.shop.all_found()
