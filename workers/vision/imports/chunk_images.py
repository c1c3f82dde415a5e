"""The images of a chunk's rows: kept, or fetched and embedded in batches that fill across rows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from typing import Any

from sqlalchemy import Row, select

from shared.catalog.changes import KeptImage
from shared.catalog.sources import Source, SourceKind, is_own_object
from shared.db.tables import images
from shared.images.state import ImageState
from shared.jobs.import_request import ImportOptions
from workers.vision.deps import Vision
from workers.vision.images.product_images import submit
from workers.vision.images.same_bytes import Twins
from workers.vision.images.values import Begun, Wanted
from workers.vision.imports.chunk_objects import ChunkObjects
from workers.vision.imports.chunk_values import ChunkRow, RowOutcome
from workers.vision.lane import Lane

Running = list[tuple[RowOutcome, Wanted, Future[Begun]]]
Have = dict[tuple[str, str | None, str | None], Row[Any]]


def embed(
    vision: Vision, tenant: str, rows: Sequence[ChunkRow], options: ImportOptions, objects: ChunkObjects
) -> list[RowOutcome]:
    """Every image that is not unchanged goes through the model; what cannot be used is a fault of its row."""
    have = _current_images(vision, tenant, rows)
    twins = Twins()
    outcomes = [RowOutcome(row) for row in rows]
    running: Running = []
    for outcome in outcomes:
        for wanted in _wanted(outcome, tenant, have, options):
            running.append((outcome, wanted, submit(vision, tenant, wanted, Lane.IMPORT, twins)))
    for begun in as_completed([future for _, _, future in running]):
        objects.add(begun.result().stored)
        objects.own_early()
    for outcome, wanted, future in running:
        outcome.take(wanted, future.result().finish())
        objects.own_early()
    return outcomes


def _wanted(outcome: RowOutcome, tenant: str, have: Have, options: ImportOptions) -> list[Wanted]:
    """The images of this row that have to be looked at; the others are kept, or faults at once."""
    row = outcome.row.row
    wanted = []
    for position, source in enumerate(row.images or ()):
        known = have.get((row.id, source.text, row.image_version))
        if known is not None and not options.refresh:
            outcome.kept.append(KeptImage(known.id, position))
        elif _is_foreign(source, tenant):
            outcome.blame("images", "bad_source", "keys resolve under incoming/<own tenant>/ only")
        else:
            wanted.append(Wanted(source, row.image_version, position, options.base, known))
    return wanted


def _is_foreign(source: Source, tenant: str) -> bool:
    return source.kind is SourceKind.OBJECT and not is_own_object(source, tenant)


def _current_images(vision: Vision, tenant: str, rows: Sequence[ChunkRow]) -> Have:
    """Images that need not be fetched or embedded again: same source, same image_version, same model."""
    query = select(images).where(
        images.c.tenant == tenant,
        images.c.product_id.in_({r.row.id for r in rows}),
        images.c.fingerprint == vision.model.fingerprint,
        images.c.state == ImageState.READY,
    )
    with vision.db.read() as c:
        return {(i.product_id, i.source, i.image_version): i for i in c.execute(query)}
