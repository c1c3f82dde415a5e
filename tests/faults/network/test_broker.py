"""The broker is full, or the way to it is bad: what was accepted ends well, and nobody waits to be told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis

from tests.faults.fleet import timed
from tests.faults.network.conftest import AWAY_S, GROUPS, PRODUCTS, World
from tests.faults.shop import POST_WITHIN_S, shopping

pytestmark = pytest.mark.xdist_group("network")


@contextmanager
def full(world: World) -> Iterator[None]:
    """Under `noeviction` a full server refuses every write and answers every read."""
    with redis.Redis(port=world.broker.port) as admin:
        admin.config_set("maxmemory", 1)
        try:
            yield
        finally:
            admin.config_set("maxmemory", 0)


def reset(world: World) -> AbstractContextManager[None]:
    return world.to_broker.reset()


def half_open(world: World) -> AbstractContextManager[None]:
    return world.to_broker.half_open()


def frozen(world: World) -> AbstractContextManager[None]:
    return world.to_broker.frozen()


def slow(world: World) -> AbstractContextManager[None]:
    return world.to_broker.latency(0.02)


def dripping(world: World) -> AbstractContextManager[None]:
    return world.to_broker.drip(400.0)  # a message in seconds


def cut(world: World) -> AbstractContextManager[None]:
    return world.to_broker.cut_after(600)  # a few commands get through, the last of them in part


Fault = Callable[[World], AbstractContextManager[None]]


# The consumers are deaf without knowing it for some seconds, or slow: their queue grows, and that is told.
BACKS_UP = (half_open, slow, dripping, cut)


@pytest.mark.parametrize("fault", [full, reset, half_open, frozen, slow, dripping, cut])
def test_every_search_is_accepted_and_ends_well_whatever_the_broker_does(world: World, fault: Fault) -> None:
    first = world.shop.accepted_for(range(12))
    with fault(world), shopping(world.shop, PRODUCTS, every_s=0.2) as meanwhile:
        time.sleep(AWAY_S)
    accepted = [p for p in meanwhile if p.status == 202]
    refused = [p for p in meanwhile if p.status != 202]
    # The row is the truth: no broker is needed to accept.
    assert accepted
    assert not refused or fault in BACKS_UP, refused
    assert all(p.status == 429 and p.body["retryable"] and p.in_order for p in refused)
    assert max(p.seconds for p in meanwhile) < POST_WITHIN_S
    with timed(f"broker {fault.__name__}"):
        assert world.shop.all_found(shards=len(GROUPS)) == len(first) + len(accepted)
    assert all(member.status is None for member in world.fleet.members), "nobody had to be started again"
