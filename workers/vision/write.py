"""The story of one product write with photos: each image embedded, then one append."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from shared.catalog.append import append
from shared.catalog.changes import KeptImage, NewImage, ProductChange, SegmentRange
from shared.catalog.sources import Source, SourceKind, parse_source
from shared.db.engine import now
from shared.db.tables import images
from shared.index.log import positions
from shared.index.placement import LiveIndex, live_index, shard_of
from shared.index.versions import Version
from shared.jobs.ends import finish
from shared.jobs.job import Claim, State
from shared.jobs.store import hold
from shared.kill_points import kill_point
from shared.reasons import Reason
from shared.storage import owners
from shared.telemetry import Timings
from shared.vectors.codec import encode_block
from workers.vision import story
from workers.vision.deps import Vision
from workers.vision.images.product_images import submit
from workers.vision.images.same_bytes import Twins
from workers.vision.images.values import Ended, Ready, Wanted
from workers.vision.images.vector_rows import vector_rows
from workers.vision.lane import Lane

# Of `job_task_limit`, after which a claim is not renewed; the rest is for the model and the append.
SHARE_FOR_IMAGES = 0.5


@dataclass(frozen=True)
class Write:
    """What a write comes to. `ranges`: {shard: where its vectors lie}; `reasons`: images left out."""

    index: LiveIndex
    change: ProductChange
    ranges: Mapping[int, SegmentRange]
    ready: Sequence[Ready]
    reasons: Sequence[Reason]


def run(vision: Vision, claim: Claim) -> None:
    """Embed what is new, keep what is unchanged, append both; reject when no image of it can be used."""
    kill_point("write.claimed")
    timings = Timings()
    timings.add("queued", claim.queued_s)
    product_id = claim.product
    with vision.db.read() as c:
        index = live_index(c, claim.tenant, claim.of_catalog)
        have = _current_images(vision, c, claim.tenant, product_id)
    story.check_model(vision, index.fingerprint)

    kept: list[KeptImage] = []
    wanted: list[Wanted] = []
    for position, image in enumerate(claim.request["images"]):
        known = have.get((image["source"], image["image_version"]))
        if known is not None and "replaces" not in image:
            kept.append(KeptImage(known.id, position))
            continue
        source = parse_source(image["source"])
        assert isinstance(source, Source)  # the gateway accepted no other
        wanted.append(Wanted(source, image["image_version"], position, picture=image.get("picture")))
    abroad = any(w.source.kind is SourceKind.URL for w in wanted)
    with vision.places.place() if abroad else nullcontext(), timings.measure("infer"):
        outcomes = _embed(vision, claim.tenant, wanted)
    kill_point("write.embedded")
    ready = [o for o in outcomes if isinstance(o, Ready)]
    reasons = [o for o in outcomes if isinstance(o, Reason)]
    if reasons and not ready and not kept:
        story.reject(vision, claim, reasons, timings)
        return

    shard = shard_of(product_id, index.shards)
    news = [r.as_new(segment=None, segment_row=row, inline=True) for row, r in enumerate(ready)]
    ranges = {shard: _inline_range(product_id, ready)} if ready else {}
    change = ProductChange(
        product_id,
        claim.numbered,
        0,
        images=(*kept, *news),
        complete=not reasons,
        replaced=tuple(_replaced(claim, ready)),
    )
    _append(vision, claim, Write(index, change, ranges, ready, reasons), timings)


def _replaced(claim: Claim, ready: Sequence[Ready]) -> Iterator[str]:
    """Images that had lost their vectors and have successors now (shared/fsck/repair/embed.py)."""
    for r in ready:
        replaced = claim.request["images"][r.wanted.position].get("replaces")
        if replaced is not None:
            yield replaced


def _current_images(
    vision: Vision, c: Connection, tenant: str, product_id: str
) -> dict[tuple[str | None, str | None], Row[Any]]:
    """Images of the product that need not be embedded again, by source and image_version."""
    query = select(images).where(
        images.c.tenant == tenant,
        images.c.product_id == product_id,
        images.c.fingerprint == vision.model.fingerprint,
    )
    return {(i.source, i.image_version): i for i in c.execute(query)}


def _embed(vision: Vision, tenant: str, wanted: list[Wanted]) -> list[Ended]:
    """All of them at once; one that is not there in time is a reason, like one whose host failed."""
    twins = Twins()
    begun = [submit(vision, tenant, w, Lane.WRITE, twins) for w in wanted]
    limit = vision.settings.job_task_limit * SHARE_FOR_IMAGES
    _, late = wait(begun, timeout=limit)
    for future in late:
        future.cancel()
    missed = Reason("url_failed", detail=f"the image was not there within {limit:g} s")
    return [missed if future in late else future.result().finish() for future in begun]


def _inline_range(product_id: str, ready: list[Ready]) -> SegmentRange:
    rows = vector_rows([(product_id, r) for r in ready])
    block = encode_block(rows, ready[0].fingerprint)
    return SegmentRange(rows=len(ready), sha256=hashlib.sha256(block).hexdigest(), inline=block)


def _append(vision: Vision, claim: Claim, write: Write, timings: Timings) -> None:
    index, change = write.index, write.change
    shard = shard_of(change.product_id, index.shards)
    new = [i for i in change.images or () if isinstance(i, NewImage)]
    with vision.db.write() as c:
        # The job's row first: the fence, and the first lock of the order.
        hold(c, claim.id, claim.attempt)
        owners.own(c, claim.tenant, [s for r in write.ready for s in r.stored])
        reached = append(c, vision.db, index=index, changes=[change], ranges=write.ranges)
        version = Version(index.id, reached or {shard: positions(c, index.id)[shard]})
        timings.add("total", c.execute(select(now())).scalar_one() - claim.created_at)
        finish(
            c,
            claim.id,
            State.SUCCEEDED,
            attempt=claim.attempt,
            keep_for=vision.settings.retention,
            result={
                "product_id": change.product_id,
                "version": version.encode(),
                "images": len(change.images or ()),
                "embedded": sum(r.embedded for r in write.ready),
                "image_ids": [i.id for i in new],
            },
            reasons=[r.to_json() for r in write.reasons] or None,
            timings_ms=timings.ms,
        )
        kill_point("write.written")
    kill_point("write.committed")
    vision.notifier.log_grew(index.id)
    vision.notifier.job_done(claim.id)
