"""What a vision worker does: imports, single writes, and searches up to their answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.catalog import burial
from shared.db.tables import chunks, erasures, images, jobs, log, row_errors
from shared.erasure.erased_list import ErasedList
from shared.jobs.job import OPEN, State, iso
from shared.messages import JobMessage, PartMessage
from shared.topology import EMBED, EMBED_WRITE, LOOKUP
from tests.faults.stories.story import Story
from tests.faults.truth import Truth
from tests.vision_rig import VisionRig, picture
from workers.indexer import lookup
from workers.vision import search, write
from workers.vision.tasks import handle


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


STORIES: dict[str, Story] = {
    "plan": Importing(),
    "chunk": Importing(),
    "append": Importing(),
    "end": Importing(),
    "write": Writing(),
    "search": Searching(),
    "lookup": Searching(),
}
