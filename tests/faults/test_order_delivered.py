"""What was accepted later wins, whatever the broker does to the messages of it.

Writes of a few products are accepted one after another, and their messages sent through a real broker. There
they are lost, delivered twice, at once by several threads, and late, after everything else is done. The same
in every run of a seed, but for what threads make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update

from shared.catalog.writes import accept_delete, accept_write
from shared.db.engine import now
from shared.db.tables import images, jobs, products
from shared.dispatch import Dispatcher
from shared.errors import NotFound
from shared.index.placement import live_index
from shared.jobs.job import OPEN
from shared.messages import JobMessage
from shared.topology import EMBED_WRITE, VISION_WRITE, WRITE_QUEUE
from tests.deployment import until
from tests.faults import brokers
from tests.faults.long import each_on_some_pair
from tests.faults.truth import Truth
from tests.vision_rig import TENANT, VisionRig
from workers.keeper.rounds import redispatch
from workers.vision import write
from workers.vision.tasks import handle

pytestmark = [pytest.mark.xdist_group("pairs"), pytest.mark.timeout(300)]

PRODUCTS = 8
WRITES = 30  # of all of them together
SEEDS = range(4)
THREADS = 3
ALL_DONE_WITHIN_S = 60.0


# What comes in quick turn, with no message delivered between.
QUICKLY = (("put",), ("patch",), ("delete",), ("put", "put"), ("put", "patch"), ("put", "delete"))


@dataclass
class Wanted:
    """What a product has to be at the end: its attributes and the sources of its photos; None: it is gone."""

    alive: bool = False
    attributes: dict[str, str | None] = field(default_factory=dict)
    photos: tuple[str, ...] = ()


class Shop:
    """Accepts writes as a gateway does, sends their messages, and remembers what the last of each said."""

    def __init__(self, rig: VisionRig, broker: str, seed: int) -> None:
        self.rig = rig
        self.broker = broker
        self.random = Random(seed)
        self.wanted = {f"p{n}": Wanted() for n in range(PRODUCTS)}
        self.sent: list[str] = []
        self._dispatcher = Dispatcher(broker)
        self._photos = 0

    def close(self) -> None:
        self._dispatcher.close()

    def writes(self) -> None:
        """One write of some product."""
        product = self.random.choice(list(self.wanted))
        for kind in self.random.choice(QUICKLY):
            {"put": self._put, "patch": self._patch, "delete": self._delete}[kind](product)

    def _photo(self, product: str) -> str:
        self._photos += 1
        return self.rig.photo(f"{product}-{self._photos}.png", self._photos)

    def _put(self, product: str) -> None:
        photos = tuple(self._photo(product) for _ in range(self.random.choice((1, 2))))
        attributes = {"title": f"put {self._photos}", "brand": self.random.choice(("a", "b", None))}
        given = {name: value for name, value in attributes.items() if value is not None}
        job_id = self.rig.put(product, *photos, **given)
        self.wanted[product] = Wanted(True, dict(attributes), photos)
        self.sent.append(job_id)
        self._dispatcher.send(VISION_WRITE, JobMessage(job_id, EMBED_WRITE.name))

    def _patch(self, product: str) -> None:
        name = self.random.choice(("title", "brand"))
        value = f"patch {self.random.random()}"
        with suppress(NotFound), self.rig.db.write() as c:
            index = live_index(c, TENANT, "default")
            accept_write(
                c,
                self.rig.db,
                index=index,
                product_id=product,
                attributes={name: value},
                wanted=None,
                replace=False,
            )
            self.wanted[product].attributes[name] = value

    def _delete(self, product: str) -> None:
        with suppress(NotFound), self.rig.db.write() as c:
            accept_delete(c, self.rig.db, index=live_index(c, TENANT, "default"), product_id=product)
            self.wanted[product] = Wanted()

    def imports(self) -> None:
        """A manifest of all products: a title and a photo each, and a second photo in a second row."""
        rows: list[dict[str, Any]] = []
        for product in self.wanted:
            photos = (self._photo(product), self._photo(product))
            rows += [
                {"id": product, "title": "imported", "images": [photos[0]]},
                {"id": product, "images": [photos[1]]},
            ]
            kept = self.wanted[product].attributes
            self.wanted[product] = Wanted(True, {**kept, "title": "imported"}, photos)
        self.rig.send(rows, chunk_rows=3)


class Disturbed:
    """The deliveries of a worker whose broker loses, doubles, mixes and holds back."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._held_back: list[dict[str, Any]] = []

    def deliver(self) -> None:
        """What has come by now or was held back, in no order; a part of it is lost or held back again."""
        random = self._shop.random
        came = brokers.take_all(self._shop.broker, WRITE_QUEUE.name) + self._held_back
        self._held_back = [wire for wire in came if random.random() < 0.2]
        kept = [wire for wire in came if wire not in self._held_back and random.random() < 0.7]
        twice = [wire for wire in kept if random.random() < 0.3]
        self.all_at_once(kept + twice)

    def all_at_once(self, wires: list[dict[str, Any]]) -> None:
        self._shop.random.shuffle(wires)
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda wire: handle(self._shop.rig.vision, wire, write.run), wires))


@pytest.fixture
def truth(database_url: str, tmp_path: Path) -> Truth:
    made = Truth(database_url, tmp_path / "home")
    made.begin()
    return made


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    server = request.getfixturevalue("redis_server" if request.param == "redis" else "rabbitmq")
    brokers.lose(server.url, WRITE_QUEUE.name)
    yield server.url
    brokers.lose(server.url, WRITE_QUEUE.name)


@pytest.mark.parametrize(
    ("database_url", "broker_url", "seed"),
    each_on_some_pair(SEEDS),
    indirect=["database_url", "broker_url"],
)
def test_whatever_becomes_of_the_messages_what_was_accepted_later_wins(
    truth: Truth, broker_url: str, seed: int
) -> None:
    with truth.vision() as rig:
        shop = Shop(rig, broker_url, seed)
        disturbed = Disturbed(shop)
        for number in range(WRITES):
            shop.writes()
            if number == WRITES // 2:
                shop.imports()
            if shop.random.random() < 0.3:
                disturbed.deliver()
            if shop.random.random() < 0.3:
                rig.loop.once()
        keepers_send_what_was_lost(truth, shop, disturbed)
        before = states(rig)
        disturbed.all_at_once([JobMessage(job_id, EMBED_WRITE.name).to_wire() for job_id in shop.sent])
        assert states(rig) == before, "what comes late changes nothing"
        shop.close()
    check(truth, shop.wanted)


def keepers_send_what_was_lost(truth: Truth, shop: Shop, disturbed: Disturbed) -> None:
    """Until every job has ended; each time as long afterwards as a keeper waits for a message."""
    rig = shop.rig
    keeper = replace(truth.keeper(), dispatcher=Dispatcher(shop.broker))

    def all_done() -> bool:
        if not any(job.state in OPEN for job in rig.rows(jobs)):
            return True
        with rig.db.write() as c:
            c.execute(update(jobs).where(jobs.c.state.in_(OPEN)).values(due_at=now() - 1))
        redispatch.run(keeper)
        while rig.loop.once():
            pass
        disturbed.deliver()
        return False

    until(all_done, within=ALL_DONE_WITHIN_S, what="the end of every job")
    keeper.dispatcher.close()


def states(rig: VisionRig) -> list[tuple[Any, ...]]:
    return sorted((job.id, job.state, job.attempt, str(job.result)) for job in rig.rows(jobs))


def check(truth: Truth, wanted: dict[str, Wanted]) -> None:
    with truth.db().read() as c:
        rows = {row.id: row for row in c.execute(select(products))}
        shown = list(c.execute(select(images).where(images.c.product_id.is_not(None))))
    for product, told in wanted.items():
        row = rows.get(product)
        alive = row is not None and row.deleted_no is None
        assert alive == told.alive, product
        photos = sorted(image.source for image in shown if image.product_id == product)
        assert photos == sorted(told.photos), product
        if row is not None and alive:
            held = {name: row.attributes.get(name) for name in ("title", "brand")}
            assert held == {"title": None, "brand": None, **told.attributes}, product
    truth.check_jobs()
    truth.check_index({product for product, told in wanted.items() if told.alive})
