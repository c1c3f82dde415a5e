"""An index worker without processes: a database, a store in memory, a follower polled by hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select, update

from shared.answer.finish import Finisher
from shared.answer.outcome import Item, Outcome
from shared.catalog import catalogs
from shared.catalog.append import append
from shared.catalog.changes import NewImage, ProductChange, SegmentRange
from shared.catalog.locks import next_accept_no
from shared.catalog.writes import accept_delete
from shared.db.engine import Database, now
from shared.db.tables import jobs, shards
from shared.ids import new_id, random_id
from shared.images.box import WHOLE
from shared.index import placement
from shared.jobs import store
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.messages import PartMessage
from shared.settings import Settings
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.port import ObjectStore
from shared.topology import EMBED, LOOKUP
from shared.vectors.codec import Rows, encode_block, encode_segment, to_unit_f16
from tests import schemas
from workers.indexer import lookup
from workers.indexer.broken import BrokenShards
from workers.indexer.deps import Indexer
from workers.indexer.engine.faiss_engine import FaissEngines
from workers.indexer.follower import Follower
from workers.indexer.replica import Replica
from workers.indexer.rewriting import Rewriter
from workers.indexer.sealing import Sealer

MODEL = "abcdefabcdef"
DIM = 8


class Silent:
    """A dispatcher and notifier that only remember."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.done: list[str] = []

    def send(self, task: Any, message: Any, *, group: str | None = None) -> None:
        self.sent.append((task.name, message, group))

    def job_done(self, job_id: str) -> None:
        self.done.append(job_id)

    def log_grew(self, _index_id: str) -> None: ...

    def close(self) -> None: ...


class Rig:
    """One catalog of `shard_count` shards; `worker()` starts index workers over the same truth."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        objects: ObjectStore | None = None,
        fingerprint: str = MODEL,
        dim: int = DIM,
        shard_count: int = 1,
    ) -> None:
        self.db = Database(url)
        schemas.ensure(self.db)
        self.folder = folder
        self.store = objects or MemoryStore()
        self.fingerprint, self.dim = fingerprint, dim
        self.silent = Silent()
        with self.db.write() as c:
            self.index: Row[Any] = catalogs.ensure_of_model(
                c,
                self.db,
                "shop",
                "default",
                model="fake",
                fingerprint=fingerprint,
                dim=dim,
                shard_count=shard_count,
                default_group="g1",
            )

    def worker(self, name: str = "w1", group: str = "g1", **settings: Any) -> Worker:
        return Worker(self, name, group, settings)

    def put(
        self, product_id: str, vector: np.ndarray, *, accept_no: int | None = None, **attributes: Any
    ) -> Any:
        """A single write as the vision worker makes it; returns {shard: (seq, chain)}."""
        image_id = random_id()
        block = encode_block(_rows([product_id], [image_id], to_unit_f16(vector)[None]), self.fingerprint)
        with self.db.write() as c:
            number = accept_no or next_accept_no(c, self.db)
            image = replace(self._image(c, image_id, 0), vector=to_unit_f16(vector).tobytes())
            held = SegmentRange(rows=1, sha256=hashlib.sha256(block).hexdigest(), inline=block)
            shard = placement.shard_of(product_id, self.index.shards)
            change = ProductChange(product_id, number, 0, attributes=attributes, images=(image,))
            return append(c, self.db, index=self.index, changes=[change], ranges={shard: held})

    def put_chunk(self, product_ids: list[str], vectors: np.ndarray) -> str:
        """An import's chunk, an image for each product; `vectors`: (n, dim). Returns the segment's name."""
        members: dict[int, list[int]] = {}
        for n, product_id in enumerate(product_ids):
            members.setdefault(placement.shard_of(product_id, self.index.shards), []).append(n)
        image_ids = [random_id() for _ in product_ids]
        rows = _rows(product_ids, image_ids, to_unit_f16(vectors))
        body, parts = encode_segment(
            {shard: rows.take(ours) for shard, ours in members.items()}, self.fingerprint
        )
        stored = self.store.put(new_name("segments", "shop", self.db.clock()), body)
        place = {n: row for ours in members.values() for row, n in enumerate(ours)}
        with self.db.write() as c:
            owners.own(c, "shop", [stored])
            number = next_accept_no(c, self.db)
            changes = [
                ProductChange(
                    product_id,
                    number,
                    n,
                    images=(replace(self._image(c, image_ids[n], place[n]), segment=stored.name),),
                )
                for n, product_id in enumerate(product_ids)
            ]
            ranges = {
                p.shard: SegmentRange(p.rows, p.sha256, object=stored.name, offset=p.offset, length=p.length)
                for p in parts
            }
            append(c, self.db, index=self.index, changes=changes, ranges=ranges)
        return stored.name

    def _image(self, c: Connection, image_id: str, segment_row: int) -> NewImage:
        stored = self.store.put(new_name("images", "shop", self.db.clock()), b"x")
        owners.own(c, "shop", [stored])
        return NewImage(
            id=image_id,
            source=image_id,
            image_version=None,
            position=0,
            sha256="0" * 64,
            width=1,
            height=1,
            normalised=stored.name,
            thumbnail=None,
            fingerprint=self.fingerprint,
            segment_row=segment_row,
        )

    def delete(self, product_id: str) -> Any:
        with self.db.write() as c:
            return accept_delete(c, self.db, index=self.index, product_id=product_id).version.positions

    def job(
        self,
        vector: np.ndarray,
        no_confident_match: float | None = None,
        degraded: tuple[str, ...] = (),
        **request: Any,
    ) -> str:
        """A search whose vision outcome is stored already, of a model with that threshold."""
        job_id = new_id()
        wanted = SearchRequest(**{"photo": PhotoOf(PhotoKind.IMAGE, "q"), "limit": 10, **request})
        item = Item(WHOLE, None, None, to_unit_f16(vector).tobytes())
        outcome = Outcome(
            {"id": "q"},
            (item,),
            self.fingerprint,
            no_confident_match=no_confident_match,
            degraded=degraded,
        )
        with self.db.write() as c:
            store.accept(
                c,
                job_id=job_id,
                tenant="shop",
                kind=JobKind.SEARCH,
                stage=EMBED,
                request=wanted.to_json(),
                due_in=5,
                catalog="default",
                fingerprint=self.fingerprint,
            )
            groups = placement.groups_of(c, self.index.id)
            c.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state="running",
                    stage=LOOKUP.name,
                    attempt=1,
                    outcome=outcome.to_bytes(),
                    groups=groups,
                    index_id=self.index.id,
                    parts_left=len(groups),
                    handed_at=now(),
                    hedge_at=now() + 0.4,
                    partial_at=now() + 1,
                    answer_by=now() + 15,
                )
            )
        return job_id

    def row(self, job_id: str) -> Row[Any]:
        with self.db.read() as c:
            return c.execute(select(jobs).where(jobs.c.id == job_id)).one()

    def seal_wanted(self) -> None:
        with self.db.write() as c:
            c.execute(update(shards).values(seal_wanted=True))


class Worker:
    def __init__(self, rig: Rig, name: str, group: str, settings: dict[str, Any]) -> None:
        self.rig = rig
        self.settings = Settings(home=rig.folder / name, process=name, group=group, **settings)
        cache = self.settings.index_cache
        cache.mkdir(parents=True, exist_ok=True)
        self.passed = 0.0  # seconds, for shards that wait to be tried again
        finisher = Finisher(rig.db, self.settings, rig.silent.job_done)
        self.indexer = Indexer(
            settings=self.settings,
            db=rig.db,
            store=rig.store,
            dispatcher=rig.silent,
            notifier=rig.silent,  # type: ignore[arg-type] # fakes
            finisher=finisher,
            engines=FaissEngines(),
            cache=cache,
            broken=BrokenShards(lambda: self.passed),
        )
        self.sealer = Sealer(self.indexer)
        self.follower = Follower(self.indexer, on_poll=self.sealer.asked)
        self.rewriter = Rewriter(self.indexer)
        self.replica = Replica(self.indexer)

    def catch_up(self) -> None:
        for future in self.follower.poll():
            future.result()

    def later(self, seconds: float) -> None:
        """Catch up once more, `seconds` after the last time."""
        self.passed += seconds
        self.catch_up()

    def seal(self) -> bool:
        self.rig.seal_wanted()
        sealed = [self.sealer.seal(held, "shop") for held in self.indexer.shards.all()]
        return any(sealed)

    def rows(self) -> int:
        return sum(held.view.engine.rows() for held in self.indexer.shards.all())

    def answer(self, job_id: str) -> Row[Any]:
        lookup.run(self.indexer, PartMessage(job_id, self.settings.group, 1))
        return self.rig.row(job_id)

    def find(self, vector: np.ndarray, **request: Any) -> list[str]:
        """Ids of the products found."""
        return [hit["product"]["id"] for hit in self.hits(vector, **request)]

    def hits(self, vector: np.ndarray, **request: Any) -> list[dict[str, Any]]:
        """As they are stored in the job's result."""
        row = self.answer(self.rig.job(vector, **request))
        assert row.state == "succeeded", row.error
        found: list[dict[str, Any]] = row.result["items"][0]["hits"]
        return found


def _rows(product_ids: list[str], image_ids: list[str], vectors: np.ndarray) -> Rows:
    n = len(product_ids)
    boxes = np.tile(np.array(WHOLE, np.float32), (n, 1))
    return Rows(product_ids, image_ids, np.zeros(n, np.int16), boxes, vectors)


def unit(seed: int, dim: int = DIM) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=dim)
