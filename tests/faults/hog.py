"""A tenant that queues more chunks than anybody can do soon, and what another gets done meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, func, insert, select, update

from shared.catalog.catalogs import ensure_of_model
from shared.catalog.manifest.rows import ProductRow
from shared.catalog.manifest.wire import to_json
from shared.db.engine import Database, now
from shared.db.tables import chunks, imports, jobs
from shared.ids import new_id
from shared.jobs import chunks as chunk_rows
from shared.jobs import store
from shared.jobs.import_request import ImportOptions
from shared.jobs.job import ChunkState, State
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.open import open_store
from shared.storage.port import ObjectStore
from shared.topology import CHUNKS
from tests.faults.fleet import Fleet, timed
from tests.faults.shop import Shop, photo
from workers.models.fake import FakeModel

CHUNK_COUNT = 40_000
ROWS = 10
SEARCHABLE_WITHIN_S = 30.0
AT_ONCE = 5_000


def queue_many(db: Database, objects: ObjectStore) -> str:
    """An import of a tenant of its own, planned into chunks of one row each, all open; its job's id."""
    model = FakeModel()
    job_id = new_id()
    row = json.dumps({"manifest": 0, **to_json(ProductRow(2, "h", {"title": "Again and again"}))})
    stored = objects.put(new_name("chunks", "hog", db.clock()), row.encode())
    with db.write() as c:
        owners.own(c, "hog", [stored])
        index = ensure_of_model(
            c,
            db,
            "hog",
            "default",
            model=model.name,
            fingerprint=model.fingerprint,
            dim=model.dim,
            shard_count=1,
            default_group="g1",
        )
        store.accept(
            c,
            job_id=job_id,
            tenant="hog",
            kind="import",
            stage=CHUNKS,
            request={},
            due_in=5,
            catalog="default",
            accept_no=1,
            fingerprint=index.fingerprint,
        )
        c.execute(
            insert(imports).values(
                job_id=job_id,
                tenant="hog",
                options=ImportOptions(chunk_rows=1).to_json(),
                manifests=[],
                planned=True,
                rows=CHUNK_COUNT,
                bad_rows=0,
                ignored_columns=[],
                unreadable=False,
            )
        )
        chunk_rows.add(c, db, job_id=job_id, no=0, tenant="hog", rows_object=stored.name, rows=1)
    for begin in range(1, CHUNK_COUNT, AT_ONCE):
        with db.write() as c:
            _copies(c, range(begin, min(begin + AT_ONCE, CHUNK_COUNT)))
    return job_id


def _copies(c: Connection, numbers: range) -> None:
    one = dict(c.execute(select(chunks).where(chunks.c.tenant == "hog", chunks.c.no == 0)).one()._mapping)
    fresh = {**one, "state": ChunkState.OPEN, "attempt": 0, "claimed_by": None, "lease_until": None}
    c.execute(insert(chunks), [{**fresh, "no": no} for no in numbers])


def done_of(db: Database, job_id: str) -> int:
    with db.read() as c:
        mine = (chunks.c.job_id == job_id, chunks.c.state == ChunkState.DONE)
        return int(c.execute(select(func.count()).select_from(chunks).where(*mine)).scalar_one())


@contextmanager
def many_queued(fleet: Fleet) -> Iterator[str]:
    db = fleet.db
    job_id = queue_many(db, open_store(fleet.settings.store_url))
    yield job_id
    with db.write() as c:
        ended = {"state": State.CANCELLED, "finished_at": now(), "attempt": jobs.c.attempt + 1}
        c.execute(update(jobs).where(jobs.c.id == job_id).values(**ended))
        c.execute(delete(chunks).where(chunks.c.job_id == job_id))


def served_beside_many(fleet: Fleet, shop: Shop, products: int) -> None:
    """Ten rows of another tenant are searchable within their time, and its searches go on meanwhile."""
    with many_queued(fleet) as hog:
        began = time.monotonic()
        images = {f"fair{n}": photo(5000 + n) for n in range(ROWS)}
        with timed(f"{ROWS} rows beside {CHUNK_COUNT} chunks"):
            job = shop.load(fleet.data_folder, images)
            shop.accepted_for(range(products))
            assert shop.end(job)["state"] == "succeeded"
            assert shop.all_found() == products
            for product_id, image in images.items():
                assert shop.first_found(image) == product_id
        assert time.monotonic() - began < SEARCHABLE_WITHIN_S
        assert 0 < done_of(fleet.db, hog) < CHUNK_COUNT / 2, "the other tenant is served too"
