"""Erasing: from a receipt to its second date, by keepers of which one dies; index workers do their part."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select, update

from shared.db.engine import now
from shared.db.tables import erasures, images, jobs, replicas, row_errors
from shared.erasure.deleting import delete_product
from shared.erasure.erased_list import ErasedList
from shared.ids import new_id
from shared.index.placement import live_index
from shared.jobs.job import State
from shared.vectors.codec import to_unit_f16
from tests.erasure_rig import ErasureRig
from tests.faults.stories.story import Story
from tests.faults.truth import MODEL, Truth, held_by
from tests.index_rig import unit
from tests.keeper_rig import accepted, imported
from workers.keeper.rounds import erasing

CACHE = "indexer"
PHOTO = secrets.token_bytes(24)


class Erasing:
    """Two products of a segment, one written singly, a purged search, and two held up by a large table."""

    IN_SEGMENT = 6
    GONE = ("p1", "p2", "single")
    TURNS = 20

    def begin(self, truth: Truth) -> None:
        rig = truth.erasure_rig()
        worker = rig.worker(CACHE)
        self._stock(rig, worker)
        searched = rig.searched(PHOTO + b"query", self._vector("p1"), worker)
        shown = rig.job(self._vector("p2"))
        worker.answer(shown)
        self._written_and_imported(rig)
        needles = {rig.erase(p): self._needles(p) for p in ("p1", "single")}
        needles[rig.purge(searched)] = [(PHOTO + b"query").hex()]
        with rig.db.write() as c:  # its gateway died before it could note it
            index = live_index(c, "shop", "default")
            gone = delete_product(c, rig.db, index=index, product_id="p2", erase_within=60)
            needles[gone.receipt.id] = self._needles("p2")
            self._too_large(c)
        (truth.home / "needles.json").write_text(json.dumps(needles))

    def _vector(self, product_id: str) -> Any:
        return unit(int(product_id[1:]) if product_id != "single" else self.IN_SEGMENT, MODEL.dim)

    def _needles(self, product_id: str) -> list[str]:
        """In hexadecimal: what must stand nowhere once it is erased."""
        vector = to_unit_f16(self._vector(product_id)).tobytes()
        return [vector.hex(), self._photo(product_id).hex()]

    def _photo(self, product_id: str) -> bytes:
        return PHOTO + product_id.encode()

    def _stock(self, rig: ErasureRig, worker: Any) -> None:
        ids = [f"p{n}" for n in range(self.IN_SEGMENT)]
        rig.put_chunk(ids, np.stack([self._vector(p) for p in ids]))
        rig.put("single", self._vector("single"))
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
        for product_id in self.GONE:
            rig.photo(product_id, self._photo(product_id))

    def _written_and_imported(self, rig: ErasureRig) -> None:
        """A finished write of a product that goes, and a finished import that named it."""
        done = {"state": State.SUCCEEDED, "due_at": None, "result": {}, "accept_no": 0, "catalog": "default"}
        accepted(rig.keeper, kind="product", product_id="single", **done)
        job_id = imported(rig.keeper, rows=3)
        fault = {"chunk": 0, "no": 0, "manifest": 0, "line": 2, "reason": "bad_price", "detail": "p1"}
        with rig.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(**done))
            c.execute(insert(row_errors).values(job_id=job_id, product_id="p1", **fault))

    def _too_large(self, c: Any) -> None:
        """Receipts that waited for an operator, who has written the table anew meanwhile."""
        for _ in range(2):
            times = dict.fromkeys(("hidden_at", "erase_by", "listed_at", "begun_at", "clean_at"), now())
            told = {"id": new_id(), "tenant": "shop", "kind": "job", "unwritten": '{"jobs": "an older file"}'}
            c.execute(insert(erasures).values(**told, **times))

    def go_on(self, truth: Truth) -> None:
        erasing.AT_ONCE = 1  # of this child: each receipt in a transaction of its own
        rig = truth.erasure_rig()
        self._truthful(truth, rig)
        with rig.db.write() as c:  # as long afterwards as it takes until nobody waits for who is gone
            c.execute(delete(replicas))
        worker = rig.worker(f"{CACHE}-{os.getpid()}")
        for _ in range(self.TURNS):
            if all(receipt.erased_at is not None for receipt in self._receipts(rig)):
                return
            rig.turn(worker)
        raise AssertionError(f"not erased after {self.TURNS} turns: {self._receipts(rig)}")

    def _receipts(self, rig: ErasureRig) -> list[Any]:
        with rig.db.read() as c:
            return list(c.execute(select(erasures)))

    def _truthful(self, truth: Truth, rig: ErasureRig) -> None:
        """What a receipt calls erased stands nowhere; whenever somebody may ask."""
        needles = json.loads((truth.home / "needles.json").read_text())
        for receipt in self._receipts(rig):
            if receipt.erased_at is not None:
                assert receipt.subject is None
                assert receipt.listed_at is not None
                hidden = [bytes.fromhex(needle) for needle in needles.get(receipt.id, ())]
                assert not hidden or self._stored(rig, *hidden) == [], receipt

    def _stored(self, rig: ErasureRig, *needles: bytes) -> list[str]:
        """But for the caches of index workers: one that is gone does not tidy its own up."""
        caches = str(rig.folder / CACHE)
        return [file for file in rig.files_with(*needles) if not file.startswith(caches)]

    def check(self, truth: Truth) -> None:
        rig = truth.erasure_rig()
        receipts = self._receipts(rig)
        assert len(receipts) == len(self.GONE) + 1 + 2
        assert all(receipt.erased_at is not None and receipt.unwritten is None for receipt in receipts)
        self._truthful(truth, rig)
        listed = {(entry.kind, entry.id) for entry in ErasedList(truth.store()).entries()}
        assert {subject for kind, subject in listed if kind == "product"} == set(self.GONE)
        assert len(listed) == len(self.GONE) + 1
        with rig.db.read() as c:
            results = c.execute(select(jobs.c.result).where(jobs.c.kind == "search")).scalars().all()
            assert c.execute(select(images.c.id).where(images.c.product_id.in_(self.GONE))).all() == []
            assert c.execute(select(row_errors)).all() == []
        assert not any(hit["product"]["id"] in self.GONE for hit in self._hits(results))
        fresh = rig.worker("fresh")
        fresh.catch_up()
        held = held_by(fresh)
        assert {product_id for product_id, _ in held} == {"p0", "p3", "p4", "p5"}
        assert fresh.rows() == held.total() == self.IN_SEGMENT - 2
        truth.check_orphans()

    def _hits(self, results: list[Any]) -> list[dict[str, Any]]:
        return [hit for result in results if result for item in result["items"] for hit in item["hits"]]


STORIES: dict[str, Story] = {"erase": Erasing()}
