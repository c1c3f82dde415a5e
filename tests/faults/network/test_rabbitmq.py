"""The way to RabbitMQ is bad: nothing accepted is lost, a POST is answered in time, and all recovers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from tests.deployment import until
from tests.faults.fleet import Fleet, fleet, timed
from tests.faults.network.conftest import AWAY_S
from tests.faults.network.link import Link
from tests.faults.shop import POST_WITHIN_S, Shop, photo, shopping, stocked
from tests.servers.postgres import WheelPostgres
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.running import running
from tests.servers.valkey import Valkey

pytestmark = [pytest.mark.xdist_group("rabbitmq-network"), pytest.mark.timeout(300)]

PRODUCTS = 8


@dataclass(frozen=True)
class OverRabbit:
    fleet: Fleet
    shop: Shop
    to_broker: Link


@pytest.fixture(scope="module")
def shared_rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OverRabbit]:
    with (
        running(RabbitMQ) as broker,
        running(WheelPostgres) as database,
        running(Valkey) as hints,
        Link(broker.port) as to_broker,
    ):
        env = {
            "TUSOU_DATABASE_URL": database.url,
            "TUSOU_REDIS_URL": hints.url,
            "TUSOU_BROKER_URL": broker.url.replace(str(broker.port), str(to_broker.port)),
            # Celery's own pauses may keep a worker silent for half a minute.
            "TUSOU_ANSWER_WITHIN": "120",
            "TUSOU_MAX_QUEUE_WAIT": "60",
        }
        with (
            fleet(tmp_path_factory.mktemp("rabbit") / "home", env) as whole,
            stocked(whole.url, whole.data_folder, PRODUCTS) as shop,
        ):
            yield OverRabbit(whole, shop, to_broker)


@pytest.fixture
def rabbit(shared_rabbit: OverRabbit) -> Iterator[OverRabbit]:
    """Whole before the test, and again after it."""
    yield shared_rabbit
    shared_rabbit.fleet.heal()
    until(lambda: shared_rabbit.shop.match(photo(3)) == "p3", within=90, what="a whole answer")


def reset(link: Link) -> AbstractContextManager[None]:
    return link.reset()


def half_open(link: Link) -> AbstractContextManager[None]:
    return link.half_open()


def frozen(link: Link) -> AbstractContextManager[None]:
    return link.frozen()


def dripping(link: Link) -> AbstractContextManager[None]:
    return link.drip(400.0)  # a message in seconds


def cut(link: Link) -> AbstractContextManager[None]:
    return link.cut_after(1500)  # it gets through the greeting, and then a message or two


Fault = Callable[[Link], AbstractContextManager[None]]


@pytest.mark.parametrize("fault", [reset, half_open, frozen, dripping, cut])
def test_what_was_accepted_ends_well_whatever_the_way_to_rabbitmq_does(
    rabbit: OverRabbit, fault: Fault
) -> None:
    first = rabbit.shop.accepted_for(range(PRODUCTS))
    with fault(rabbit.to_broker), shopping(rabbit.shop, PRODUCTS, every_s=0.2) as meanwhile:
        time.sleep(AWAY_S)
    accepted = [posted for posted in meanwhile if posted.status == 202]
    assert accepted, "the row is the truth: no broker is needed to accept"
    assert all(posted.in_order for posted in meanwhile), meanwhile
    assert max(posted.seconds for posted in meanwhile) < POST_WITHIN_S, meanwhile
    with timed(f"RabbitMQ {fault.__name__}"):
        assert rabbit.shop.all_found(within=120) == len(first) + len(accepted)
    assert all(member.status is None for member in rabbit.fleet.members), "nobody had to be started again"
