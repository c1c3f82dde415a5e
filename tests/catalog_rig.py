"""Writes of products as the gateway and a vision worker make them, without either."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import insert, update

from shared.catalog import catalogs, store
from shared.catalog.append import append
from shared.catalog.changes import NewImage, ProductChange, SegmentRange
from shared.catalog.locks import next_accept_no
from shared.catalog.writes import Accepted, WantedImage, accept_write
from shared.db.engine import Database
from shared.db.tables import imports, jobs, manifest_ids
from shared.erasure.erased_list import ErasedList
from shared.index import placement
from shared.index.log import Positions
from shared.index.placement import LiveIndex
from shared.jobs import store as job_store
from shared.jobs.import_request import ImportOptions
from shared.jobs.job import Claim, State
from shared.jobs.kinds import JobKind
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.topology import CHUNKS
from workers.vision.deps import Vision
from workers.vision.imports import end as import_end

MODEL = "abcdefabcdef"


def make_catalog(db: Database, name: str = "default", shards: int = 2) -> LiveIndex:
    """The live index of shop's catalog."""
    with db.write() as c:
        return catalogs.ensure_of_model(
            c,
            db,
            "shop",
            name,
            model="fake",
            fingerprint=MODEL,
            dim=4,
            shard_count=shards,
            default_group="g1",
        )


def number(db: Database) -> int:
    """The accept_no of something that is accepted now."""
    with db.write() as c:
        return next_accept_no(c, db)


def put(
    db: Database, index: LiveIndex, product_id: str, *, images: list[str] | None = None, **attributes: Any
) -> Accepted:
    with db.write() as c:
        return accept_write(
            c,
            db,
            index=index,
            product_id=product_id,
            attributes=attributes,
            wanted=None if images is None else [WantedImage(s) for s in images],
            replace=True,
        )


def embedded(
    db: Database,
    index: LiveIndex,
    product_id: str,
    accept_no: int,
    sources: list[str],
    line: int = 0,
    **attributes: Any,
) -> Positions:
    """What a vision worker does once it has the vectors."""
    news = [image(db, f"{product_id}-{accept_no}-{line}-{n}", source, n) for n, source in enumerate(sources)]
    shard = placement.shard_of(product_id, index.shards)
    held = SegmentRange(rows=len(news), sha256=hashlib.sha256(b"rows").hexdigest(), inline=b"rows")
    change = ProductChange(product_id, accept_no, line, attributes=attributes, images=tuple(news))
    with db.write() as c:
        return append(c, db, index=index, changes=[change], ranges={shard: held} if news else {})


def image(db: Database, image_id: str, source: str, row: int) -> NewImage:
    name = new_name("images", "shop", db.clock())
    with db.write() as c:
        owners.own(c, "shop", [Stored(name, "0" * 64, 1)])
    return NewImage(
        id=image_id,
        source=source,
        image_version=None,
        position=row,
        sha256="0" * 64,
        width=1,
        height=1,
        normalised=name,
        thumbnail=None,
        fingerprint=MODEL,
        segment_row=row,
        vector=b"",
    )


def sources(db: Database, product_id: str) -> list[str]:
    with db.read() as c:
        return [i.source for i in store.images_of(c, "shop", [product_id]).get(product_id, [])]


def attributes(db: Database, product_id: str) -> dict[str, Any]:
    with db.read() as c:
        found: dict[str, Any] = store.get(c, "shop", product_id).attributes
        return found


def living(db: Database) -> list[str]:
    with db.read() as c:
        return [row.id for row in store.listing(c, "shop", "default", after=None, limit=1000)]


def end_replace(
    db: Database,
    accept_no: int,
    *named: str,
    rows: int = 1,
    bad_rows: int = 0,
    erased: ErasedList | None = None,
) -> dict[str, Any]:
    """End a `replace` import whose chunks are done; returns its result."""
    job_id = f"replace-{accept_no}"
    options = ImportOptions(chunk_rows=256, mode="replace").to_json()
    with db.write() as c:
        job_store.accept(
            c,
            job_id=job_id,
            tenant="shop",
            kind=JobKind.IMPORT,
            stage=CHUNKS,
            request={},
            due_in=60,
            catalog="default",
            accept_no=accept_no,
        )
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.RUNNING, attempt=1))
        plan = {"options": options, "manifests": [], "planned": True, "rows": rows, "bad_rows": bad_rows}
        c.execute(
            insert(imports).values(job_id=job_id, tenant="shop", ignored_columns=[], unreadable=False, **plan)
        )
        if named:
            c.execute(insert(manifest_ids), [{"job_id": job_id, "product_id": p} for p in named])
    silent = SimpleNamespace(log_grew=lambda _: None, job_done=lambda _: None)
    settings = SimpleNamespace(errors_retention=60, erase_within=3600)
    vision = SimpleNamespace(
        db=db, notifier=silent, settings=settings, erased=erased or ErasedList(MemoryStore())
    )
    claim = SimpleNamespace(id=job_id, tenant="shop", of_catalog="default", attempt=1, numbered=accept_no)
    import_end.run(cast(Vision, vision), cast(Claim, claim))
    with db.read() as c:
        result: dict[str, Any] = job_store.get(c, "shop", job_id).result
        return result
