"""The story of one import chunk: rows → images fetched → embedded in full batches → one segment → one append.

Good rows never wait for bad ones: an image that cannot be used becomes a row error of its row.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from shared.catalog.append import append
from shared.db.tables import images, imports, jobs, products, row_errors
from shared.index.placement import LiveIndex, live_index
from shared.jobs import chunks as chunk_rows
from shared.jobs.chunks import Chunk
from shared.jobs.import_request import ImportOptions
from shared.jobs.job import ChunkState
from shared.kill_points import kill_point
from shared.storage import owners
from shared.telemetry import Step
from workers.vision.deps import Vision
from workers.vision.imports import chunk_segment
from workers.vision.imports.chunk_images import embed
from workers.vision.imports.chunk_objects import ChunkObjects
from workers.vision.imports.chunk_segment import ChunkSegment
from workers.vision.imports.chunk_values import CATALOG_FIXED, ChunkRow, RowOutcome, read_rows
from workers.vision.story import check_model


def run(vision: Vision, chunk: Chunk, current: Step) -> None:
    """Do a claimed chunk. Raises LostClaim when it is not ours any more."""
    with vision.db.read() as c:
        job = c.execute(select(jobs).where(jobs.c.id == chunk.job_id)).one()
        asked = c.execute(select(imports.c.options).where(imports.c.job_id == chunk.job_id)).scalar_one()
        index = live_index(c, chunk.tenant, job.catalog)
        body = owners.read(c, vision.store, chunk.rows_object)
    check_model(vision, job.fingerprint)
    check_model(vision, index.fingerprint)

    objects = ChunkObjects(vision, chunk.tenant)
    rows, refused = _of_this_catalog(vision, chunk.tenant, job.catalog, list(read_rows(body, chunk)))
    outcomes = refused + embed(vision, chunk.tenant, rows, ImportOptions.from_json(asked), objects)
    kill_point("chunk.embedded")
    segment = chunk_segment.build(vision, chunk.tenant, index, job.accept_no, outcomes)
    kill_point("chunk.segment_stored")
    _append(vision, chunk, index, segment, outcomes, objects)
    current.note(rows=len(outcomes), embedded=_embedded(outcomes), bad=_bad(outcomes))


def _of_this_catalog(
    vision: Vision, tenant: str, catalog: str, rows: Sequence[ChunkRow]
) -> tuple[list[ChunkRow], list[RowOutcome]]:
    """A product's catalog is fixed: rows that name another catalog's product are bad."""
    query = select(products.c.id, products.c.catalog).where(
        products.c.tenant == tenant,
        products.c.id.in_([r.row.id for r in rows]),
        products.c.catalog != catalog,
    )
    with vision.db.read() as c:
        elsewhere = {row.id: row.catalog for row in c.execute(query)}
    refused = [RowOutcome(row) for row in rows if row.row.id in elsewhere]
    for outcome in refused:
        home = elsewhere[outcome.row.row.id]
        outcome.blame("id", CATALOG_FIXED, f"this product belongs to catalog {home!r}")
    return [row for row in rows if row.row.id not in elsewhere], refused


def _append(
    vision: Vision,
    chunk: Chunk,
    index: LiveIndex,
    segment: ChunkSegment,
    outcomes: Sequence[RowOutcome],
    objects: ChunkObjects,
) -> None:
    stored = [item for o in outcomes for r in o.ready for item in r.stored]
    with vision.db.write() as c:
        # First lock: the chunk's row, which is the fence too.
        chunk_rows.fence(
            c,
            chunk,
            state=ChunkState.DONE,
            claimed_by=None,
            lease_until=None,
            suspect=False,
            products=len({change.product_id for change in segment.changes}),
            images=sum(len(o.ready) + len(o.kept) for o in outcomes),
            embedded=_embedded(outcomes),
            bad_rows=_bad(outcomes),
        )
        objects.own(c, [*stored, *([segment.stored] if segment.stored else [])])
        _tell_faults(c, chunk, outcomes)
        reached = append(c, vision.db, index=index, changes=segment.changes, ranges=segment.ranges)
        _renew_validators(c, outcomes)
        chunk_rows.reached(c, chunk, reached)
        kill_point("chunk.written")
    kill_point("chunk.committed")
    vision.notifier.log_grew(index.id)


def _tell_faults(c: Connection, chunk: Chunk, outcomes: Sequence[RowOutcome]) -> None:
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    if faults:
        here = {"job_id": chunk.job_id, "chunk": chunk.no}
        c.execute(insert(row_errors), [{**here, "no": no, **vars(f)} for no, f in enumerate(faults)])


def _renew_validators(c: Connection, outcomes: Sequence[RowOutcome]) -> None:
    """Of images that a refresh found unchanged, but whose hosts name other validators now."""
    renewed = [one for outcome in outcomes for one in outcome.renewed]
    if renewed:
        statement = (
            update(images)
            .where(images.c.id == bindparam("image"))
            .values(etag=bindparam("new_etag"), last_modified=bindparam("new_modified"))
        )
        values = [
            {"image": one.image.id, "new_etag": one.etag, "new_modified": one.last_modified}
            for one in renewed
        ]
        c.execute(statement, values)


def _embedded(outcomes: Sequence[RowOutcome]) -> int:
    return sum(ready.embedded for outcome in outcomes for ready in outcome.ready)


def _bad(outcomes: Sequence[RowOutcome]) -> int:
    return sum(bool(outcome.faults) for outcome in outcomes)
