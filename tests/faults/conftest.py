"""One fleet over servers of its own, shared by the tests of a module; each test leaves it whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.faults.fleet import Fleet, fleet
from tests.faults.shop import Shop, stocked
from tests.faults.stacks import wheels
from tests.servers.postgres import Postgres
from tests.servers.redis import Redis

PRODUCTS = 24


@dataclass(frozen=True)
class World:
    """A fleet with its catalogue loaded, the servers under it and the shop that uses it."""

    fleet: Fleet
    shop: Shop
    database: Postgres
    broker: Redis


@pytest.fixture(scope="package")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with wheels() as servers:
        assert servers.database is not None
        home = tmp_path_factory.mktemp("fleet") / "home"
        with (
            fleet(home, servers.env, vision=2, indexer=2) as whole,
            stocked(whole.url, whole.data_folder, PRODUCTS) as shop,
        ):
            yield World(whole, shop, servers.database, servers.redis)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """Whole before the test, and again after it."""
    yield shared_world
    shared_world.fleet.heal()
    shared_world.shop.search_for(3)
    shared_world.shop.all_found()
