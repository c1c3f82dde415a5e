"""A vision worker without Celery: a fake model, a store in memory, one real decode child."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import Row, insert, select, update

from shared.catalog.catalogs import ensure
from shared.catalog.locks import next_accept_no
from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.writes import WantedImage, accept_write
from shared.db.engine import Database, now
from shared.db.tables import images, imports, jobs, workers
from shared.erasure.erased_list import ErasedList
from shared.ids import new_id, random_id
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims, store
from shared.jobs.chunks import Chunk
from shared.jobs.import_request import ImportOptions, StoredManifest
from shared.jobs.job import Claim
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.jobs.turns import next_turn
from shared.settings import Settings
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.port import ObjectStore
from shared.telemetry import Step
from shared.topology import EMBED, EMBED_WRITE, PLAN
from tests import schemas
from tests.fakes import FakeDispatcher, FakeNotifier
from workers.models.fake import FakeModel
from workers.models.port import Model
from workers.vision import search, story, write
from workers.vision.batching.batcher import Batcher
from workers.vision.decode.pool import DecodePool
from workers.vision.deps import Vision
from workers.vision.fetch import Fetcher, FetchLimits
from workers.vision.gate import Gate
from workers.vision.imports import chunks
from workers.vision.imports.loop import ImportLoop
from workers.vision.items import ItemFinder
from workers.vision.quality import QualityThresholds
from workers.vision.routes import Routes

TENANT = "shop"


class VisionRig:
    """`settings` are those of `Settings`; image sources are files of `folder`, or URLs of loopback hosts."""

    def __init__(
        self,
        home: Path,
        *,
        db: Database | None = None,
        objects: ObjectStore | None = None,
        decoder: DecodePool | None = None,
        gate: Gate | None = None,
        items: ItemFinder | None = None,
        model: Model | None = None,
        **settings: Any,
    ) -> None:
        self.folder = home / "data"
        self.folder.mkdir(exist_ok=True)
        model = model or FakeModel()
        self.db = db or Database(f"sqlite:///{home / 'tusou.db'}")
        schemas.ensure(self.db)
        self.store = objects or MemoryStore()
        self.notifier = FakeNotifier()
        self.dispatcher = FakeDispatcher()
        decoder = decoder or DecodePool(1)
        self.vision = Vision(
            settings=Settings(
                home=home,
                process="vision-1",
                model=model.name,
                data_folder=self.folder,
                fetch_threads=4,
                **settings,
            ),
            db=self.db,
            store=self.store,
            dispatcher=self.dispatcher,
            notifier=self.notifier,
            model=model,
            batcher=Batcher(model, max_batch=16, max_wait_ms=1, import_wait_ms=1),
            decoder=decoder,
            import_decoder=decoder,
            fetcher=Fetcher(FetchLimits(seconds=5, ports=None), allow=lambda _: True),
            thresholds=QualityThresholds(),
            routes=Routes(self.db, seen_within=5),
            erased=ErasedList(self.store),
            gate=gate or Gate(),
            items=items,
        )
        self.vision.announce()
        self.loop = ImportLoop(self.vision)
        self.fingerprint = model.fingerprint

    def close(self) -> None:
        self.vision.close()

    # what a shop sends

    def photo(self, name: str, seed: int) -> str:
        """The source of a picture; the same seed gives the same bytes."""
        (self.folder / name).write_bytes(picture(seed))
        return name

    def put(self, product_id: str, *sources: str, tenant: str = TENANT, **attributes: Any) -> str:
        """A PUT, as the gateway accepts it; returns the id of its job."""
        job_id = new_id()
        with self.db.write() as c:
            index = ensure(c, self.db, tenant, "default", self.vision.model.name, group="g1")
            done = accept_write(
                c,
                self.db,
                index=index,
                product_id=product_id,
                attributes=attributes,
                wanted=[WantedImage(source) for source in sources],
                replace=True,
            )
            wanted = [{"source": source, "image_version": None} for source in sources]
            store.accept(
                c,
                job_id=job_id,
                tenant=tenant,
                kind=JobKind.PRODUCT,
                stage=EMBED_WRITE,
                request={"product_id": product_id, "catalog": "default", "images": wanted},
                due_in=5,
                catalog="default",
                product_id=product_id,
                accept_no=done.accept_no,
                fingerprint=index.fingerprint,
            )
        return job_id

    def send(self, rows: list[dict[str, Any]], *, tenant: str = TENANT, **options: Any) -> str:
        """An import of one JSONL manifest, as the gateway accepts it; returns the id of its job."""
        return self._send("\n".join(json.dumps(row) for row in rows).encode(), "jsonl", tenant, options)

    def _send(self, body: bytes, format: str, tenant: str, options: dict[str, Any]) -> str:
        job_id = new_id()
        stored = self.store.put(new_name("manifests", tenant, self.db.clock()), body)
        with self.db.write() as c:
            owners.own(c, tenant, [stored])
            index = ensure(c, self.db, tenant, "default", self.vision.model.name, group="g1")
            store.accept(
                c,
                job_id=job_id,
                tenant=tenant,
                kind=JobKind.IMPORT,
                stage=PLAN,
                request={},
                due_in=5,
                catalog="default",
                accept_no=next_accept_no(c, self.db),
                fingerprint=index.fingerprint,
            )
            manifest = StoredManifest(stored.name, f"rows.{format}", ManifestFormat(format))
            c.execute(
                insert(imports).values(
                    job_id=job_id,
                    tenant=tenant,
                    options=ImportOptions(**{"chunk_rows": 256, **options}).to_json(),
                    manifests=[manifest.to_json()],
                    planned=False,
                    rows=0,
                    bad_rows=0,
                    ignored_columns=[],
                    unreadable=False,
                )
            )
        return job_id

    def ask(self, photo: bytes, /, **asked: Any) -> str:
        """A search with an upload, as the gateway accepts it; returns the id of its job."""
        job_id, image_id = new_id(), random_id()
        stored = self.store.put(new_name("uploads", TENANT, self.db.clock()), photo)
        photo_of = PhotoOf(PhotoKind.UPLOAD, image_id, came_along=True)
        request = SearchRequest(**{"photo": photo_of, "limit": 10, **asked})
        with self.db.write() as c:
            index = ensure(c, self.db, TENANT, "default", self.vision.model.name, group="g1")
            owners.own(c, TENANT, [stored], keep_for=60)
            c.execute(
                insert(images).values(
                    id=image_id, tenant=TENANT, state="new", upload=stored.name, created_at=now()
                )
            )
            store.accept(
                c,
                job_id=job_id,
                tenant=TENANT,
                kind=JobKind.SEARCH,
                stage=EMBED,
                request=request.to_json(),
                due_in=5,
                catalog="default",
                fingerprint=index.fingerprint,
            )
        return job_id

    # what this worker does

    def search(self, job_id: str) -> Row[Any]:
        """The story of a search up to its outcome; returns the job's row."""
        story.run(self.vision, self.claim(job_id, EMBED.name), search.run)
        return self.job(job_id)

    def write(self, job_id: str) -> Row[Any]:
        """The story of a write; returns the job's row."""
        write.run(self.vision, self.claim(job_id, EMBED_WRITE.name))
        return self.job(job_id)

    def claim(self, job_id: str, stage: str, *, alone: bool = False) -> Claim:
        with self.db.write() as c:
            claim = claims.claim(
                c, job_id, stage, by="vision-1", lease=20, alone=alone, fingerprint=self.fingerprint
            )
        assert claim is not None
        return claim

    def plan(self, rows: list[dict[str, Any]], **options: Any) -> str:
        """An import up to its chunks."""
        job_id = self.send(rows, **options)
        assert self.loop.once()
        return job_id

    def claim_chunk(self) -> Chunk:
        with self.db.write() as c:
            turn = next_turn(c, alone=False, fingerprint=self.fingerprint)
            assert turn is not None
            chunk = chunk_rows.claim(c, self.db, turn.job_id, by="vision-1", lease=20, alone=False)
        assert chunk is not None
        return chunk

    def run_chunk(self) -> dict[str, Any]:
        """The story of the next chunk; returns what its log line tells."""
        current = Step({})
        chunks.run(self.vision, self.claim_chunk(), current)
        return current.fields

    def import_all(self, rows: list[dict[str, Any]], **options: Any) -> Row[Any]:
        """A whole import; returns the job's row."""
        job_id = self.send(rows, **options)
        while self.loop.once():
            pass
        return self.job(job_id)

    def import_bytes(self, body: bytes, format: str) -> Row[Any]:
        """A whole import of a manifest as it stands; returns the job's row."""
        job_id = self._send(body, format, TENANT, {})
        while self.loop.once():
            pass
        return self.job(job_id)

    # what others do and see

    def serve_elsewhere(self, fingerprint: str, *, seen_s_ago: float = 0.0) -> None:
        """A live worker of another model."""
        row = {"process": f"other-{fingerprint}", "kind": "vision", "fingerprint": fingerprint, "stats": {}}
        with self.db.write() as c:
            c.execute(insert(workers).values(**row, seen_at=now() - seen_s_ago))

    def set_job(self, job_id: str, **values: Any) -> None:
        with self.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(**values))

    def job(self, job_id: str) -> Row[Any]:
        return next(row for row in self.rows(jobs) if row.id == job_id)

    def rows(self, table: Any) -> list[Row[Any]]:
        with self.db.read() as c:
            return list(c.execute(select(table)))


def picture(seed: int, size: tuple[int, int] = (96, 64)) -> bytes:
    """A PNG of noise."""
    image = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
