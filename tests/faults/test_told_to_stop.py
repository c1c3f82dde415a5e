"""SIGTERM to any of our processes under load: it ends cleanly within its time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.deployment import until
from tests.faults.conftest import PRODUCTS, World
from tests.faults.fleet import MODULES, QUICK, Fleet, defaults, fleet, timed
from tests.faults.long import LONG
from tests.faults.shop import OPEN, Shop, photo, shopping, stocked
from tests.faults.stacks import wheels

pytestmark = [pytest.mark.xdist_group("fleet"), pytest.mark.timeout(600)]

ACCEPTED = 202
LATER = 429
NOT_ANSWERED = 0  # the gateway was away
IMPORTED = 60  # in chunks of one row
OWN_PHOTOS = 100_000  # from here on: no other test's product of the same fleet shows one
# What the fleet's tests shorten, as it is by default; the import is then of two chunks.
DEFAULTS = defaults(QUICK.keys() - {"TUSOU_QUALITY_GATE", "TUSOU_MODEL"})
LONG_IMPORTED = 400
# Compose gives so long before it kills (docker-compose.yml, stop_grace_period).
GRACE_S = 30.0


@pytest.mark.parametrize("kind", MODULES)
def test_who_is_told_to_stop_under_load_ends_cleanly_and_loses_nothing(world: World, kind: str) -> None:
    first = OWN_PHOTOS + 1000 * list(MODULES).index(kind)
    told_to_stop(world.fleet, world.shop, kind, first=first, count=IMPORTED)


@pytest.fixture(scope="module")
def by_default(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Shop]]:
    """A fleet with the settings that a deployment has."""
    with wheels() as servers:
        home = tmp_path_factory.mktemp("defaults") / "home"
        with (
            fleet(home, {**servers.env, **DEFAULTS}, vision=2, indexer=2) as whole,
            stocked(whole.url, whole.data_folder, PRODUCTS) as shop,
        ):
            yield whole, shop


@pytest.mark.skipif(not LONG, reason="minutes: TUSOU_TEST_LONG=1")
@pytest.mark.parametrize("kind", MODULES)
def test_by_default_settings_the_grace_period_is_enough(by_default: tuple[Fleet, Shop], kind: str) -> None:
    whole, shop = by_default
    first = OWN_PHOTOS + 1000 * list(MODULES).index(kind)
    took_s = told_to_stop(whole, shop, kind, first=first, count=LONG_IMPORTED)
    assert took_s < GRACE_S, "it would have been killed"
    whole.heal()


def told_to_stop(whole: Fleet, shop: Shop, kind: str, *, first: int, count: int) -> float:
    """One of `kind` is, while photos are searched for and an import is under way; how long it took to end."""
    told = whole.of(kind)[0]
    numbers = range(first, first + count)
    with shopping(shop, PRODUCTS) as meanwhile:
        job_id = shop.load(whole.data_folder, {f"i{n}": photo(n) for n in numbers})
        until(lambda: shop.job(job_id).get("progress", {}).get("planned"), within=60, what="a plan")
        told.signal(signal.SIGTERM)
        assert shop.job(job_id)["state"] in OPEN, "the import was over before"
        began = time.monotonic()
        with timed(f"{kind} told to stop, under load"):
            assert told.wait() == os.EX_OK, told.said()[-2000:]
        took_s = time.monotonic() - began
        told.start()
        whole.wait_for(kind)
        time.sleep(1.0)
    statuses = [posted.status for posted in meanwhile]
    # Where the import leaves too little for the searches, who is told to come back is not lost either.
    assert set(statuses) <= {ACCEPTED, LATER, *({NOT_ANSWERED} if kind == "gateway" else ())}, statuses
    job = shop.end(job_id, within=180)
    assert (job["state"], job["result"]["images"], job["result"]["bad_rows"]) == ("succeeded", count, 0), job
    for number in (numbers[0], numbers[-1]):
        until(lambda n=number: shop.match(photo(n)) == f"i{n}", within=60, what=f"i{number}")
    assert shop.all_found() == statuses.count(ACCEPTED) > 0
    return took_s
