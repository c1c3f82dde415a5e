"""What an index worker does: its part of an answer, following the log, snapshots."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import func, select

from shared.db.tables import jobs, snapshots
from shared.jobs.job import OPEN, State
from tests.faults.stories.story import Story
from tests.faults.truth import MODEL, SHARDS, Truth, held_by
from tests.index_rig import unit


class Answering:
    """Two groups, each brings its part; the last one merges and finishes."""

    GROUPS = ("g1", "g2")

    def begin(self, truth: Truth) -> None:
        rig = truth.in_two_groups()
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


STORIES: dict[str, Story] = {
    "answer": Answering(),
    "apply": Indexing(),
    "take_up": Indexing(),
    "seal": Indexing(),
    "snapshot": Indexing(),
    "live": Indexing(),
}
