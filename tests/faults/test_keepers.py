"""Without a keeper what needs none goes on, and what was lost is found once one starts."""

from __future__ import annotations

import time

import pytest
import redis

from shared.topology import SEARCH_QUEUE
from tests.deployment import until
from tests.faults.conftest import PRODUCTS, World
from tests.faults.fleet import timed
from tests.faults.shop import OPEN

pytestmark = [pytest.mark.xdist_group("fleet"), pytest.mark.timeout(300)]

LOST = 6
# Longer than the keeper of this fleet takes to send a lost message again.
LONG_ENOUGH_S = 5.0


def test_without_a_keeper_jobs_end_whose_messages_arrive_and_the_others_once_one_starts(world: World) -> None:
    (keeper,) = world.fleet.of("keeper")
    keeper.kill()
    world.shop.accepted_for(range(PRODUCTS))
    assert world.shop.all_found() == PRODUCTS

    for worker in world.fleet.of("vision"):
        worker.kill()
    ids = world.shop.accepted_for(range(LOST))
    until(lambda: messages(world) == LOST, within=20, what="every message in the broker")
    world.broker.kill()
    world.broker.wipe()
    world.broker.start()
    for worker in world.fleet.of("vision"):
        worker.start()
    world.fleet.wait_for("vision")
    time.sleep(LONG_ENOUGH_S)
    assert [world.shop.job(job_id)["state"] in OPEN for job_id in ids] == [True] * LOST

    keeper.start()
    with timed("a keeper starts beside lost messages"):
        assert world.shop.all_found() == LOST


def messages(world: World) -> int:
    """Searches that wait in the broker: they have left the gateway, and are lost with it."""
    with redis.Redis.from_url(world.broker.url) as client:
        return int(client.llen(SEARCH_QUEUE.name))
