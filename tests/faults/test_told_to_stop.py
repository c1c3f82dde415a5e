"""SIGTERM to any of our processes under load: it ends cleanly within its time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.faults.conftest import PRODUCTS, World
from tests.faults.fleet import MODULES, timed
from tests.faults.shop import shopping

pytestmark = [pytest.mark.xdist_group("fleet"), pytest.mark.timeout(300)]

ACCEPTED = 202
NOT_ANSWERED = 0  # the gateway was away


@pytest.mark.parametrize("kind", MODULES)
def test_who_is_told_to_stop_under_load_ends_cleanly_and_loses_nothing(world: World, kind: str) -> None:
    told = world.fleet.of(kind)[0]
    with shopping(world.shop, PRODUCTS) as meanwhile:
        time.sleep(1.0)
        told.signal(signal.SIGTERM)
        with timed(f"{kind} told to stop, under load"):
            assert told.wait() == os.EX_OK, told.said()[-2000:]
        told.start()
        world.fleet.wait_for(kind)
        time.sleep(1.0)
    statuses = [posted.status for posted in meanwhile]
    assert set(statuses) <= ({ACCEPTED, NOT_ANSWERED} if kind == "gateway" else {ACCEPTED}), statuses
    assert world.shop.all_found() == statuses.count(ACCEPTED) > 0
