"""One database and one folder of objects, and the processes that stand over them, without a broker.

What outlives a process is in here alone, so each step may be a child of its own (tests/faults/mortal.py).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import case, select, update

from shared.answer.finish import Finisher
from shared.db.engine import Database, now
from shared.db.tables import (
    chunks,
    images,
    jobs,
    metadata,
    objects,
    placements,
    products,
    replicas,
    rounds,
    shards,
    tenants,
    workers,
)
from shared.erasure.erased_list import KIND as ERASED
from shared.jobs.job import FINAL, OPEN
from shared.reasons import Reason
from shared.storage.folder import FolderStore
from shared.topology import INDEX_SEARCH
from tests.erasure_rig import ErasureRig
from tests.faults.letters import Letters
from tests.gateway_rig import NOWHERE, Gateway
from tests.index_rig import Rig, Worker, unit
from tests.keeper_rig import new_keeper
from tests.vision_rig import VisionRig
from workers.indexer.engine.port import ShardQuery
from workers.keeper.deps import Keeper
from workers.keeper.rounds import lapses, sweep
from workers.models.fake import FakeModel
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan
from workers.vision.lane import Lane

SHARDS = 2
MODEL = FakeModel()
ALL = 10_000


class Decoder:
    """Decodes in this process: a child's child would be one more thing to start for every step."""

    def decode(self, data: bytes, plan: DecodePlan, _lane: Lane = Lane.SEARCH) -> Decoded | Reason:
        try:
            return decode_image(data, plan, DecodeLimits())
        except Exception:  # as a decode child answers
            return Reason("undecodable")

    def close(self) -> None: ...


@dataclass(frozen=True)
class Truth:
    """Travels to children by value. A catalog of two shards, for the fake model, is there from the start."""

    url: str
    home: Path

    def begin(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.store().ensure()
        self.rig().db.close()

    def db(self) -> Database:
        return Database(self.url)

    def store(self) -> FolderStore:
        return FolderStore(self.home / "objects")

    def rig(self) -> Rig:
        return Rig(
            self.url,
            self.home,
            objects=self.store(),
            fingerprint=MODEL.fingerprint,
            dim=MODEL.dim,
            shard_count=SHARDS,
        )

    def in_two_groups(self) -> Rig:
        """Its second shard is group g2's; eight products stand in both."""
        rig = self.rig()
        with rig.db.write() as c:
            c.execute(update(placements).where(placements.c.shard == 1).values(group="g2"))
        for n in range(8):
            rig.put(f"p{n}", unit(n, MODEL.dim))
        return rig

    def index_worker(self, name: str = "indexer", group: str = "g1", rig: Rig | None = None) -> Worker:
        """With the cache of its predecessor of the same name, and of another name in claims."""
        worker = (rig or self.rig()).worker(name, group, seal_rows=1)
        worker.settings = worker.settings.model_copy(update={"process": f"{name}-{os.getpid()}"})
        worker.indexer = replace(worker.indexer, settings=worker.settings)
        return worker

    @contextmanager
    def vision(self, **settings: object) -> Iterator[VisionRig]:
        rig = VisionRig(
            self.home,
            db=Database(self.url),
            objects=self.store(),
            decoder=Decoder(),  # type: ignore[arg-type] # has what is asked of the pool
            **{"import_threads": 1, **settings},
        )
        try:
            yield rig
        finally:
            rig.close()

    @contextmanager
    def gateway(self) -> Iterator[Gateway]:
        gateway = Gateway(
            self.url, store=self.store(), compare=False, redis_url=NOWHERE, max_queue_wait=3600.0
        )
        try:
            yield gateway
        finally:
            gateway.close()

    def keeper(self, **settings: object) -> Keeper:
        """One that sends its messages to `letters`."""
        made = new_keeper(Database(self.url), self.home)
        known = made.settings.model_copy(update={"process": f"keeper-{os.getpid()}", **settings})
        broker: Any = self.letters()
        finisher = Finisher(made.db, known, made.notifier.job_done)
        return replace(made, settings=known, store=self.store(), dispatcher=broker, finisher=finisher)

    def letters(self) -> Letters:
        return Letters(self.home / "letters")

    def erasure_rig(self) -> ErasureRig:
        model = {"fingerprint": MODEL.fingerprint, "dim": MODEL.dim}
        return ErasureRig(self.url, self.home, shard_count=SHARDS, **model)

    def lapse(self) -> None:
        """As much later as it takes until the leases of the dead have lapsed and a keeper saw it."""
        keeper = self.keeper()
        with keeper.db.write() as c:
            for table in (jobs, chunks):
                c.execute(
                    update(table).where(table.c.lease_until.is_not(None)).values(lease_until=now() - 100)
                )
            c.execute(
                update(shards).where(shards.c.seal_holder.is_not(None)).values(seal_lease_until=now() - 1)
            )
        lapses.run(keeper)

    def everything(self) -> dict[str, list[str]]:
        """All that is durable, so that whoever should change nothing can be held to it.

        But for: who is there and whose turn it is; the attempt of a job that has ended, which only fences;
        messages that ask for a part of an answer, of which the first to come counts.
        """
        left_out = (jobs, replicas, rounds, tenants, workers)
        settled = case((jobs.c.state.in_(FINAL), None), else_=jobs.c.attempt)
        queries = {table.name: select(table) for table in metadata.sorted_tables if table not in left_out}
        queries["jobs"] = select(settled, *(column for column in jobs.c if column.name != "attempt"))
        with self.db().read() as c:
            told = {name: sorted(map(repr, c.execute(query))) for name, query in queries.items()}
        claiming = [letter for letter in self.letters().all() if letter.task != INDEX_SEARCH.name]
        return {**told, "stored": sorted(self.store().list("")), "letters": sorted(map(repr, claiming))}

    # what must hold whatever died

    def check_orphans(self) -> None:
        """After the sweep of this hour every object has an owner, and every owner its object."""
        keeper = self.keeper()
        hours = {name.split("/")[1] for name in self.store().list("")}
        for hour in hours:
            sweep.sweep_hour(keeper, hour)
        with keeper.db.read() as c:
            owned = set(c.execute(select(objects.c.name)).scalars())
            marked = set(c.execute(select(objects.c.name).where(objects.c.removed_at.is_not(None))).scalars())
        kept = {name for name in self.store().list("") if not name.startswith(f"{ERASED}/")}
        assert kept <= owned, f"nobody owns {kept - owned}"
        assert owned - marked <= kept, f"lost: {owned - marked - kept}"

    def check_index(self, wanted: set[str]) -> None:
        """An index worker without a cache holds each image of SQL once, and these products."""
        rig = self.rig()
        worker = self.index_worker(f"fresh-{os.getpid()}", rig=rig)
        worker.catch_up()
        with rig.db.read() as c:
            query = (
                select(images.c.product_id, images.c.id)
                .join(
                    products, (products.c.tenant == images.c.tenant) & (products.c.id == images.c.product_id)
                )
                .where(products.c.deleted_no.is_(None))
            )
            there = Counter(tuple(row) for row in c.execute(query))
        assert held_by(worker) == there
        assert worker.rows() == there.total(), "no row stands twice"
        assert {product_id for product_id, _ in there} == wanted
        assert set(there.values()) <= {1}

    def check_jobs(self) -> None:
        with self.db().read() as c:
            left = c.execute(select(jobs.c.id, jobs.c.state).where(jobs.c.state.in_(OPEN))).all()
        assert left == []


def held_by(worker: Worker) -> Counter[tuple[str, str]]:
    """(product, image) of every row that its engines hold."""
    query = ShardQuery(unit(0, MODEL.dim).astype("float32"), ALL, group_by="image", exact=True)
    return Counter(
        (hit.product_id, hit.image_id)
        for held in worker.indexer.shards.all()
        for hit in held.view.engine.search(query)
    )
