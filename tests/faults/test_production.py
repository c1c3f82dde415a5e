"""The production servers: PostgreSQL, MinIO, RabbitMQ with quorum queues, Redis; three keepers at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from shared.db.tables import chunks, images, log
from tests.faults.fleet import Fleet, fleet, timed
from tests.faults.shop import Shop, found, photo, stocked
from tests.faults.stacks import Servers, production_rabbitmq
from tests.servers.server import Server

pytestmark = [pytest.mark.xdist_group("production"), pytest.mark.timeout(300)]

PRODUCTS = 24
POST_WITHIN_S = 3.0


@dataclass(frozen=True)
class Production:
    fleet: Fleet
    shop: Shop
    servers: Servers

    @property
    def broker(self) -> Server:
        return self.servers.broker

    @property
    def store(self) -> Server:
        assert self.servers.store is not None
        return self.servers.store

    @property
    def redis(self) -> Server:
        return self.servers.redis


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    # The broker takes half a minute to start; what was in flight then is still wanted.
    patient = {"TUSOU_ANSWER_WITHIN": "120", "TUSOU_MAX_QUEUE_WAIT": "60"}
    with production_rabbitmq() as servers:
        env = {**servers.env, **patient}
        with (
            fleet(tmp_path_factory.mktemp("production") / "home", env, keeper=3) as whole,
            stocked(whole.url, whole.data_folder, PRODUCTS) as shop,
        ):
            yield Production(whole, shop, servers)


def answers(shop: Shop) -> list[list[tuple[str, float]]]:
    return [found(shop.end(shop.accepted(photo(n)))) for n in range(4)]


def test_after_a_restart_of_everything_the_answers_are_the_same(production: Production) -> None:
    shop = production.shop
    hidden = shop.delete("/v1/products/p1")
    before = answers(shop)
    production.fleet.restart()
    assert answers(shop) == before
    assert [hits[0][0] for hits in before] == ["p0", before[1][0][0], "p2", "p3"]
    assert not any(product == "p1" for hits in before for product, _ in hits)
    assert hidden["version"]


def test_fifty_posts_at_once_with_one_key_make_one_job(production: Production) -> None:
    with ThreadPoolExecutor(50) as pool:
        posted = list(pool.map(lambda _: production.shop.search(photo(5), key="once"), range(50)))
    assert {p.status for p in posted} == {202}
    (job_id,) = {p.body["id"] for p in posted}
    assert found(production.shop.end(job_id))[0][0] == "p5"
    other = production.shop.search(photo(6), key="once")
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")


def test_nothing_is_lost_with_a_killed_rabbitmq(production: Production) -> None:
    shop = production.shop
    paused = production.fleet.of("keeper")[0]
    paused.signal(signal.SIGSTOP)
    shop.accepted_for(range(2, 16))
    production.broker.kill()
    meanwhile = [shop.search_for(n) for n in range(2, 8)]
    assert {p.status for p in meanwhile} == {202}
    assert max(p.seconds for p in meanwhile) < POST_WITHIN_S
    ready = production.fleet.readiness()
    assert ready["status"] == "degraded"
    assert ready["parts"]["broker"].startswith("away")
    production.broker.start()
    paused.signal(signal.SIGCONT)
    with timed("RabbitMQ killed"):
        assert shop.all_found(within=90) == 14 + 6


def test_hints_may_all_be_lost_with_redis(production: Production) -> None:
    production.redis.kill()
    production.shop.accepted_for(range(2, 8))
    with timed("without Redis: searches"):
        assert production.shop.all_found() == 6
    production.redis.start()


def test_without_its_object_store_the_gateway_refuses_at_once_and_an_import_waits(
    production: Production,
) -> None:
    shop = production.shop
    job = shop.load(production.fleet.data_folder, {f"q{n}": photo(100 + n) for n in range(12)})
    production.store.kill()
    refused = shop.search(photo(2))
    assert (refused.status, refused.body["code"]) == (503, "object_store_unavailable")
    assert refused.seconds < POST_WITHIN_S
    assert production.fleet.readiness()["parts"]["object_store"].startswith("away")
    time.sleep(2)
    production.store.start()
    with timed("MinIO killed: the import"):
        assert shop.end(job)["state"] == "succeeded"
    shop.search_for(2)
    assert shop.all_found() == 1
    production.store.freeze()
    frozen = shop.search(photo(2))
    production.store.thaw()
    assert frozen.status == 503
    assert frozen.seconds < POST_WITHIN_S


def test_nothing_was_done_twice(production: Production) -> None:
    """Whatever the tests before did to brokers and keepers: every image that was embedded is logged once."""
    with production.fleet.db.read() as c:
        held = list(c.execute(select(images.c.product_id).where(images.c.product_id.is_not(None))).scalars())
        embedded = c.execute(select(func.sum(chunks.c.embedded))).scalar_one()
        bodies = list(c.execute(select(log.c.body)).scalars())
    logged = sum(body.get("rows", 0) - len(body.get("left_out", ())) for body in bodies)
    assert len(held) == len(set(held))
    assert logged == embedded >= PRODUCTS
