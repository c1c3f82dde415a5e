"""The story of one import chunk: rows → images fetched → embedded in full batches → one segment → one append.

Good rows never wait for bad ones: an image that cannot be used becomes a row error of its row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Row, insert, select

from shared.catalog.append import KeptImage, NewImage, Part, ProductChange, append
from shared.catalog.manifest.rows import ProductRow
from shared.catalog.manifest.wire import from_json
from shared.catalog.sources import SourceKind, is_own_object
from shared.db.tables import images, imports, jobs, products, row_errors
from shared.errors import FingerprintMismatch
from shared.index.placement import live_index, shard_of
from shared.jobs import chunks as chunk_rows
from shared.jobs.chunks import LINES_PER_MANIFEST, Chunk
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.telemetry import Step
from shared.vectors.codec import Rows, encode_segment
from workers.vision.batcher import Lane
from workers.vision.deps import Vision
from workers.vision.fetch import host_of
from workers.vision.product_images import Begun, Ready, Wanted, begin


@dataclass(frozen=True)
class _Row:
    manifest: int
    row: ProductRow

    @property
    def line(self) -> int:
        return self.manifest * LINES_PER_MANIFEST + self.row.line


@dataclass(frozen=True)
class RowFault:
    """A bad row: what stands in its line of the error file."""

    manifest: int
    line: int
    product_id: str
    field: str
    reason: str
    detail: str


@dataclass
class _Outcome:
    """What became of one row: its images in order, and what was wrong."""

    row: _Row
    kept: list[KeptImage] = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def run(vision: Vision, chunk: Chunk, current: Step) -> None:
    """Do a claimed chunk. Raises LostClaim when it is not ours any more."""
    with vision.db.read() as c:
        job = c.execute(select(jobs).where(jobs.c.id == chunk.job_id)).one()
        options = c.execute(select(imports.c.options).where(imports.c.job_id == chunk.job_id)).scalar_one()
        index = live_index(c, chunk.tenant, job.catalog)
        body = owners.read(c, vision.store, chunk.rows_object)
    if index.fingerprint != vision.model.fingerprint:
        raise FingerprintMismatch(index.fingerprint, vision.model.fingerprint)
    rows = list(_rows(body, chunk))
    rows, outcomes = _of_this_catalog(vision, chunk, job.catalog, rows)
    outcomes += _embed(vision, chunk, rows, options)
    changes, parts, stored = _segment(vision, chunk, index, job.accept_no, outcomes)
    _append(vision, chunk, index, changes, parts, stored, outcomes)
    current.note(
        rows=len(outcomes),
        embedded=sum(r.embedded for o in outcomes for r in o.ready),
        bad=sum(bool(o.faults) for o in outcomes),
    )


def _rows(body: bytes, chunk: Chunk) -> Iterator[_Row]:
    for line in body.decode().split("\n")[chunk.row_from : chunk.row_to]:
        record = json.loads(line)
        row = from_json({"row": record["row"]})
        assert isinstance(row, ProductRow)  # the plan writes nothing else
        yield _Row(record["manifest"], row)


def _of_this_catalog(
    vision: Vision, chunk: Chunk, catalog: str, rows: list[_Row]
) -> tuple[list[_Row], list[_Outcome]]:
    """A product's catalog is fixed: rows that name another catalog's product are bad."""
    with vision.db.read() as c:
        query = select(products.c.id, products.c.catalog).where(
            products.c.tenant == chunk.tenant,
            products.c.id.in_([r.row.id for r in rows]),
            products.c.catalog != catalog,
        )
        elsewhere = {row.id: row.catalog for row in c.execute(query)}
    refused = []
    for row in rows:
        if row.row.id in elsewhere:
            detail = f"this product belongs to catalog {elsewhere[row.row.id]!r}"
            refused.append(_Outcome(row, faults=[_fault(row, "id", "catalog_fixed", detail)]))
    return [r for r in rows if r.row.id not in elsewhere], refused


def _fault(row: _Row, where: str, reason: str, detail: str) -> RowFault:
    return RowFault(row.manifest, row.row.line, row.row.id, where, reason, detail)


def _embed(vision: Vision, chunk: Chunk, rows: list[_Row], options: dict[str, Any]) -> list[_Outcome]:
    """Every image that is not unchanged goes through the model; batches fill across rows."""
    have = _current_images(vision, chunk.tenant, rows)
    outcomes, running = [], []
    for row in rows:
        outcome = _Outcome(row)
        outcomes.append(outcome)
        for position, source in enumerate(row.row.images or ()):
            known = have.get((row.row.id, source.text, row.row.image_version))
            if known is not None and not options["refresh"]:
                outcome.kept.append(KeptImage(known.id, position))
                continue
            if source.kind is SourceKind.OBJECT and not is_own_object(source, chunk.tenant):
                outcome.faults.append(
                    _fault(row, "images", "bad_source", "keys resolve under incoming/<own tenant>/ only")
                )
                continue
            wanted = Wanted(
                source,
                row.row.image_version,
                position,
                options["base"],
                known if options["refresh"] else None,
            )
            running.append((outcome, wanted, _begin(vision, chunk.tenant, wanted)))
    for outcome, wanted, future in running:
        ended = future.result().finish()
        if isinstance(ended, Ready):
            outcome.ready.append(ended)
        elif isinstance(ended, KeptImage):
            outcome.kept.append(ended)
        else:
            outcome.faults.append(_fault(outcome.row, "images", ended.code, _told(wanted, ended)))
    return outcomes


def _begin(vision: Vision, tenant: str, wanted: Wanted) -> Future[Begun]:
    """On a thread of the images' pool, where no host holds more than its share."""
    source = wanted.source
    host = host_of(source.value) if source.kind is SourceKind.URL else None
    return vision.images_pool.submit(host, begin, vision, tenant, wanted, Lane.IMPORT)


def _told(wanted: Wanted, reason: Reason) -> str:
    which = f"image {wanted.position + 1}, {wanted.source.text[:200]}"
    if reason.measured is not None and reason.threshold is not None:
        return f"{which}: measured {reason.measured:g}, limit {reason.threshold:g}"
    return f"{which}: {reason.detail or reason.code}"


def _current_images(
    vision: Vision, tenant: str, rows: list[_Row]
) -> dict[tuple[str, str | None, str | None], Row[Any]]:
    """Images that need not be fetched or embedded again: same source, same image_version, same model."""
    query = select(images).where(
        images.c.tenant == tenant,
        images.c.product_id.in_({r.row.id for r in rows}),
        images.c.fingerprint == vision.model.fingerprint,
        images.c.state == "ready",
    )
    with vision.db.read() as c:
        return {(i.product_id, i.source, i.image_version): i for i in c.execute(query)}


def _segment(
    vision: Vision, chunk: Chunk, index: Row[Any], accept_no: int, outcomes: list[_Outcome]
) -> tuple[list[ProductChange], dict[int, Part], list[Stored]]:
    """Write the chunk's segment, rows sorted by shard, and say what changes with it."""
    by_shard: dict[int, list[tuple[str, Ready]]] = {}
    place: dict[str, int] = {}
    for outcome in outcomes:
        shard = shard_of(outcome.row.row.id, index.shards)
        for ready in outcome.ready:
            members = by_shard.setdefault(shard, [])
            place[ready.image_id] = len(members)
            members.append((outcome.row.row.id, ready))
    stored = [s for o in outcomes for r in o.ready for s in r.stored]
    parts: dict[int, Part] = {}
    segment_name = None
    if by_shard:
        body, ranges = encode_segment(
            {s: _block(members) for s, members in by_shard.items()}, index.fingerprint
        )
        segment = vision.store.put(new_name("segments", chunk.tenant, vision.db.clock()), body)
        segment_name = segment.name
        stored.append(segment)
        parts = {
            r.shard: Part(rows=r.rows, sha256=r.sha256, object=segment.name, offset=r.offset, length=r.length)
            for r in ranges
        }
    changes = [_change(o, accept_no, segment_name, place) for o in outcomes if not _refused(o)]
    return changes, parts, stored


def _refused(outcome: _Outcome) -> bool:
    return any(fault.reason == "catalog_fixed" for fault in outcome.faults)


def _block(members: list[tuple[str, Ready]]) -> Rows:
    return Rows(
        product_ids=[product_id for product_id, _ in members],
        image_ids=[ready.image_id for _, ready in members],
        items=np.zeros(len(members), np.int16),
        boxes=np.tile(np.array([0, 0, 1, 1], np.float32), (len(members), 1)),
        vectors=np.stack([ready.vector for _, ready in members]),  # (n, dim) float16
    )


def _change(outcome: _Outcome, accept_no: int, segment: str | None, place: dict[str, int]) -> ProductChange:
    row = outcome.row.row
    new: list[NewImage | KeptImage] = [
        r.as_new(segment=segment, segment_row=place[r.image_id], inline=False) for r in outcome.ready
    ]
    return ProductChange(
        product_id=row.id,
        accept_no=accept_no,
        line=outcome.row.line,
        attributes=row.attributes,
        images=None if row.images is None else (*outcome.kept, *new),
        complete=not outcome.faults,
    )


def _append(
    vision: Vision,
    chunk: Chunk,
    index: Row[Any],
    changes: list[ProductChange],
    parts: dict[int, Part],
    stored: list[Stored],
    outcomes: list[_Outcome],
) -> None:
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    with vision.db.write() as c:
        # First lock: the chunk's row, which is the fence too.
        chunk_rows.fence(
            c,
            chunk,
            state="done",
            claimed_by=None,
            lease_until=None,
            suspect=False,
            products=len({change.product_id for change in changes}),
            images=sum(len(o.ready) + len(o.kept) for o in outcomes),
            embedded=sum(r.embedded for o in outcomes for r in o.ready),
            bad_rows=sum(bool(o.faults) for o in outcomes),
        )
        owners.own(c, chunk.tenant, stored)
        if faults:
            c.execute(
                insert(row_errors),
                [
                    {"job_id": chunk.job_id, "chunk": chunk.no, "no": no, **vars(f)}
                    for no, f in enumerate(faults)
                ],
            )
        reached = append(c, vision.db, index=index, changes=changes, parts=parts)
        chunk_rows.reached(c, chunk, reached)
    vision.notifier.log_grew(index.id)
