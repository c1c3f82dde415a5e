"""A fleet of two groups of index workers whose ways to the database and to the broker can be spoiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.deployment import until
from tests.faults.fleet import Fleet, fleet
from tests.faults.network.link import Link
from tests.faults.shop import Shop, photo, stocked
from tests.servers.postgres import Postgres, WheelPostgres
from tests.servers.redis import Redis
from tests.servers.running import running
from tests.servers.valkey import Valkey

PRODUCTS = 24
AWAY_S = 2.0  # a fault lasts so long
GROUPS = ("g1", "g2")  # of which each holds one of the catalogue's two shards


@dataclass(frozen=True)
class World:
    fleet: Fleet
    shop: Shop
    database: Postgres
    broker: Redis
    to_database: Link
    to_broker: Link


@pytest.fixture(scope="package")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with (
        running(WheelPostgres) as database,
        running(Valkey) as broker,
        Link(database.port) as to_database,
        Link(broker.port) as to_broker,
    ):
        env = {
            "TUSOU_DATABASE_URL": database.url.replace(str(database.port), str(to_database.port)),
            "TUSOU_REDIS_URL": broker.url.replace(str(broker.port), str(to_broker.port)),
            # A consumer takes up to nine seconds to give up a connection that says nothing.
            "TUSOU_ANSWER_WITHIN": "12",
        }
        home = tmp_path_factory.mktemp("network") / "home"
        with fleet(home, env, groups=GROUPS) as whole:
            made = httpx.put(f"{whole.url}/v1/catalogs/default", json={"shards": len(GROUPS)}, timeout=30)
            assert made.status_code == 201, made.text
            with stocked(whole.url, whole.data_folder, PRODUCTS) as shop:
                yield World(whole, shop, database, broker, to_database, to_broker)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """Whole before the test, and again after it."""
    yield shared_world
    shared_world.fleet.heal()
    until(lambda: shared_world.shop.match(photo(3)) == "p3", within=30, what="a whole answer")
