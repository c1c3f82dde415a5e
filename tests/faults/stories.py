"""Each story that has kill points: what stands before it, how it is told, and what must hold at its end.

`go_on` is told until a point ends it, and then once more by a successor: so it begins what is not begun, and
does the rest. Every step runs in a child of its own.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from sqlalchemy import func, select, update

from shared.catalog import burial
from shared.db.engine import now
from shared.db.tables import (
    chunks,
    erasures,
    images,
    imports,
    jobs,
    log,
    placements,
    products,
    row_errors,
    snapshots,
)
from shared.erasure.erased_list import ErasedList
from shared.jobs.job import OPEN, State, iso
from shared.messages import JobMessage, PartMessage
from shared.topology import EMBED, EMBED_WRITE, LOOKUP
from tests.faults.truth import MODEL, SHARDS, Truth, held_by
from tests.gateway_rig import Gateway, png
from tests.index_rig import unit
from tests.vision_rig import VisionRig, picture
from workers.indexer import lookup
from workers.keeper.rounds import redispatch
from workers.vision import search, write
from workers.vision.tasks import handle

KEY = {"Idempotency-Key": "once"}


class Story(Protocol):
    def begin(self, truth: Truth) -> None:
        """What stands before, by processes that live."""

    def go_on(self, truth: Truth) -> None:
        """By the process that may die, or by its successor."""

    def check(self, truth: Truth) -> None:
        """Nothing lost, nothing twice, nothing left over."""


class Accepting:
    """One request, sent again by its client when the gateway died before it answered."""

    def begin(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            gateway.make_catalog()

    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            answer = self.send(gateway)
            assert answer.status_code in (200, 202), answer.text

    def send(self, gateway: Gateway) -> Any:
        raise NotImplementedError

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (job,) = gateway.rows(jobs)
            assert self.send(gateway).json["id"] == job.id
            assert job.due_at is not None, "a keeper sends what the dead one did not"
        truth.check_orphans()


class AcceptingSearch(Accepting):
    def send(self, gateway: Gateway) -> Any:
        return gateway.search(headers=KEY)

    def check(self, truth: Truth) -> None:
        super().check(truth)
        with truth.gateway() as gateway:
            assert len(gateway.rows(images)) == 1


class AcceptingImage(Accepting):
    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert self.send(gateway).status_code == 201

    def send(self, gateway: Gateway) -> Any:
        return gateway.upload(headers=KEY)

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (image,) = gateway.rows(images)
            assert self.send(gateway).json["id"] == image.id
            assert gateway.store.get(image.upload, sha256=image.sha256, length=len(png())) == png()
        truth.check_orphans()


class AcceptingImport(Accepting):
    def send(self, gateway: Gateway) -> Any:
        return gateway.send_manifest(headers=KEY)

    def check(self, truth: Truth) -> None:
        super().check(truth)
        with truth.gateway() as gateway:
            assert len(gateway.rows(imports)) == 1


class AcceptingWrite(Accepting):
    """A PUT has no key: sent again it is another write that says the same, and the later one wins."""

    def send(self, gateway: Gateway) -> Any:
        return gateway.put("p", title="Lamp", images=["https://example.com/p.jpg"])

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (product,) = gateway.rows(products)
            written = gateway.rows(jobs)
            assert product.attributes["title"] == "Lamp"
            assert product.accepted_no == max(job.accept_no for job in written)
            assert len(written) <= 2
        truth.check_orphans()


class AcceptingDelete(Accepting):
    def begin(self, truth: Truth) -> None:
        super().begin(truth)
        with truth.gateway() as gateway:
            assert gateway.put("p", title="Lamp").status_code == 200

    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert gateway.client.delete("/v1/products/p").status_code in (200, 404)

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert gateway.client.get("/v1/products/p").status_code == 404
            (product,) = gateway.rows(products)
            assert product.deleted_no is not None
            assert [entry.kind for entry in gateway.rows(log)] == ["delete"]


class Importing:
    """A `replace` import of three chunks and one bad row; it drops what there was, in batches."""

    OLD = tuple(f"old{n}" for n in range(5))
    DROPPED_AT_ONCE = 2
    ROWS = 10  # with one bad row: a replace deletes nothing when more than a tenth is bad
    CHUNK_ROWS = 4

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            for n, product_id in enumerate(self.OLD):
                rig.write(rig.put(product_id, rig.photo(f"{product_id}.png", 90 + n)))
            rows = [self._row(rig, n) for n in range(self.ROWS)]
            rows.append({"id": "bad", "images": ["absent.png"]})
            rig.send(rows, mode="replace", chunk_rows=self.CHUNK_ROWS)

    def _row(self, rig: VisionRig, n: int) -> dict[str, Any]:
        return {"id": f"p{n}", "title": f"P {n}", "images": [rig.photo(f"p{n}.png", n)]}

    def go_on(self, truth: Truth) -> None:
        burial.BATCH = self.DROPPED_AT_ONCE  # of this child
        with truth.vision() as rig:
            while rig.loop.once():
                pass

    def check(self, truth: Truth) -> None:
        self._check_dropped(truth)
        with truth.db().read() as c:
            job = c.execute(select(jobs).where(jobs.c.kind == "import")).one()
            assert job.state == State.SUCCEEDED, job.error
            faults = c.execute(select(row_errors.c.product_id)).scalars().all()
            done = c.execute(select(chunks)).all()
            bodies = [row.body for row in c.execute(select(log)) if row.kind == "segment"]
        told = {name: job.result[name] for name in ("rows", "bad_rows", "embedded", "products_in_catalog")}
        wanted = {
            "rows": self.ROWS + 1,
            "bad_rows": 1,
            "embedded": self.ROWS,
            "products_in_catalog": self.ROWS + 1,  # the bad row's too, without its image
        }
        assert told == wanted, job.result
        assert faults == ["bad"]
        assert len(done) == 3
        assert sum(chunk.attempt > 1 for chunk in done) <= 1, "only what was in flight is done again"
        assert sum(body["rows"] - len(body.get("left_out", ())) for body in bodies) == self.ROWS
        truth.check_jobs()
        truth.check_index({f"p{n}" for n in range(self.ROWS)})
        truth.check_orphans()

    def _check_dropped(self, truth: Truth) -> None:
        """Each product that it dropped is counted, promised and listed once, whoever did it."""
        with truth.db().read() as c:
            job = c.execute(select(jobs).where(jobs.c.kind == "import")).one()
            promised = c.execute(select(erasures)).all()
        assert (job.result["deleted"], job.result["replace_refused"]) == (len(self.OLD), False)
        assert sorted(receipt.subject for receipt in promised) == sorted(self.OLD)
        assert {receipt.accept_no for receipt in promised} == {job.accept_no}
        assert all(receipt.listed_at is not None for receipt in promised)
        assert job.result["erase_by"] == iso(max(receipt.erase_by for receipt in promised))
        assert {entry.id for entry in ErasedList(truth.store()).entries()} == set(self.OLD)


class Writing:
    """A PUT that keeps one of its product's two photos and brings another."""

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            rig.write(rig.put("p", rig.photo("a.png", 1), rig.photo("b.png", 2)))
            rig.put("p", "a.png", rig.photo("c.png", 3), title="Lamp")

    def go_on(self, truth: Truth) -> None:
        with truth.vision() as rig:
            for job in [job for job in rig.rows(jobs) if job.state in OPEN]:
                handle(rig.vision, JobMessage(job.id, EMBED_WRITE.name).to_wire(), write.run)

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            sources = c.execute(select(images.c.source).order_by(images.c.position)).scalars().all()
            last = c.execute(select(jobs).order_by(jobs.c.accept_no.desc()).limit(1)).one()
        assert sources == ["a.png", "c.png"]
        assert (last.state, last.result["embedded"]) == (State.SUCCEEDED, 1)
        truth.check_jobs()
        truth.check_index({"p"})
        truth.check_orphans()


class Searching:
    """A photo up to its outcome, then the index worker's answer."""

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            for n in range(3):
                rig.write(rig.put(f"p{n}", rig.photo(f"p{n}.png", n)))
            rig.ask(picture(1))

    def go_on(self, truth: Truth) -> None:
        with truth.vision(quality_gate=False) as rig:
            for job in self._searches(rig):
                handle(rig.vision, JobMessage(job.id, EMBED.name).to_wire(), search.run)
            waiting = [job for job in self._searches(rig) if job.stage == LOOKUP.name]
        worker = truth.index_worker()
        worker.catch_up()
        for job in waiting:
            lookup.run(worker.indexer, PartMessage(job.id, worker.settings.group, job.attempt))

    def _searches(self, rig: VisionRig) -> list[Any]:
        return [job for job in rig.rows(jobs) if job.kind == "search" and job.state in OPEN]

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            job = c.execute(select(jobs).where(jobs.c.kind == "search")).one()
        assert job.state == State.SUCCEEDED, job
        hits = [hit["product"]["id"] for hit in job.result["items"][0]["hits"]]
        assert hits[0] == "p1"
        assert len(hits) == len(set(hits)) == 3
        truth.check_jobs()
        truth.check_orphans()


class Answering:
    """Two groups, each brings its part; the last one merges and finishes."""

    GROUPS = ("g1", "g2")

    def begin(self, truth: Truth) -> None:
        rig = truth.rig()
        with rig.db.write() as c:
            c.execute(update(placements).where(placements.c.shard == 1).values(group="g2"))
        for n in range(8):
            rig.put(f"p{n}", unit(n, MODEL.dim))
        rig.job(unit(3, MODEL.dim))

    def go_on(self, truth: Truth) -> None:
        rig = truth.rig()
        workers = [truth.index_worker(f"indexer-{group}", group, rig) for group in self.GROUPS]
        for worker in workers:
            worker.catch_up()
        with rig.db.read() as c:
            open_jobs = c.execute(select(jobs.c.id).where(jobs.c.state.in_(OPEN))).scalars().all()
        for job_id in open_jobs:
            for worker in workers:
                worker.answer(job_id)
            if rig.row(job_id).state in OPEN:  # the keeper's tick: all parts are there, and nobody merged
                workers[0].indexer.finisher.with_what_is_there(rig.row(job_id))

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            job = c.execute(select(jobs)).one()
        assert job.state == State.SUCCEEDED
        assert not job.result["index"]["partial"]
        hits = [hit["product"]["id"] for hit in job.result["items"][0]["hits"]]
        assert hits[0] == "p3"
        assert len(hits) == len(set(hits)) == 8


class Indexing:
    """A worker follows, seals twice and takes its snapshots up; its successor has the same cache folder."""

    PRODUCTS = 12
    GONE = ("p2", "p5")

    def begin(self, truth: Truth) -> None:
        rig = truth.rig()
        ids = [f"p{n}" for n in range(self.PRODUCTS)]
        half = self.PRODUCTS // 2
        rig.put_chunk(ids[:half], np.stack([unit(n, MODEL.dim) for n in range(half)]))
        worker = truth.index_worker(rig=rig)
        worker.catch_up()
        assert worker.seal()
        for n in range(half, self.PRODUCTS):
            rig.put(ids[n], unit(n, MODEL.dim))
        for product_id in self.GONE:
            rig.delete(product_id)

    def go_on(self, truth: Truth) -> None:
        worker = truth.index_worker()
        worker.catch_up()
        worker.seal()
        worker.catch_up()
        self._holds_all(worker)

    def _holds_all(self, worker: Any) -> None:
        held = held_by(worker)
        assert {product_id for product_id, _ in held} == self._wanted()
        assert worker.rows() == held.total() == len(self._wanted())

    def _wanted(self) -> set[str]:
        return {f"p{n}" for n in range(self.PRODUCTS)} - set(self.GONE)

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            kept = c.execute(
                select(snapshots.c.shard, func.count(), func.count(snapshots.c.bad_at)).group_by(
                    snapshots.c.shard
                )
            ).all()
        assert [(row[1] >= 1, row[2]) for row in kept] == [(True, 0)] * SHARDS
        truth.check_orphans()  # what the dead one stored is swept, and nothing that a snapshot names
        truth.check_index(self._wanted())
        self._holds_all(self._caught_up(truth))

    def _caught_up(self, truth: Truth) -> Any:
        worker = truth.index_worker()
        worker.catch_up()
        return worker


class Resending:
    """A keeper that has noted a row as sent again, and dies before it sends it."""

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            rig.ask(picture(1))

    def go_on(self, truth: Truth) -> None:
        keeper = truth.keeper()
        with keeper.db.write() as c:  # as long afterwards as it takes until the row is due
            c.execute(update(jobs).values(due_at=now() - 1))
        redispatch.run(keeper)
        with keeper.db.read() as c:
            (job_id,) = c.execute(select(jobs.c.id)).scalars()
        assert [message.id for _, message, _ in keeper.dispatcher.sent] == [job_id]  # type: ignore[attr-defined]

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            assert c.execute(select(jobs.c.due_at > now())).scalar_one()


STORIES: dict[str, Story] = {
    "accept_search": AcceptingSearch(),
    "accept_image": AcceptingImage(),
    "accept_import": AcceptingImport(),
    "accept_write": AcceptingWrite(),
    "accept_delete": AcceptingDelete(),
    "plan": Importing(),
    "chunk": Importing(),
    "append": Importing(),
    "end": Importing(),
    "write": Writing(),
    "search": Searching(),
    "lookup": Searching(),
    "answer": Answering(),
    "apply": Indexing(),
    "take_up": Indexing(),
    "seal": Indexing(),
    "snapshot": Indexing(),
    "live": Indexing(),
    "resend": Resending(),
}
