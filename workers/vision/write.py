"""The story of one product write with photos: each image embedded, then one append."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from sqlalchemy import select

from shared.catalog.append import KeptImage, NewImage, Part, ProductChange, append
from shared.catalog.sources import Source, parse_source
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import FingerprintMismatch
from shared.index.log import positions
from shared.index.placement import live_index, shard_of
from shared.index.versions import Version
from shared.jobs.job import Claim, State
from shared.jobs.store import finish, hold
from shared.reasons import Reason
from shared.storage import owners
from shared.telemetry import Timings
from shared.vectors.codec import Rows, encode_block
from workers.vision import search
from workers.vision.batcher import Lane
from workers.vision.deps import Vision
from workers.vision.product_images import Ready, Wanted, begin


def run(vision: Vision, claim: Claim) -> None:
    """Embed what is new, keep what is unchanged, append both; reject when no image of it can be used."""
    timings = Timings()
    timings.add("queued", claim.queued_s)
    product_id = claim.product_id or ""
    with vision.db.read() as c:
        index = live_index(c, claim.tenant, claim.catalog or "default")
        have = {
            (i.source, i.image_version): i
            for i in c.execute(
                select(images).where(images.c.tenant == claim.tenant, images.c.product_id == product_id)
            )
            if i.fingerprint == vision.model.fingerprint
        }
    if index.fingerprint != vision.model.fingerprint:
        raise FingerprintMismatch(index.fingerprint, vision.model.fingerprint)

    kept: list[KeptImage] = []
    begun = []
    with timings.measure("infer"):
        for position, wanted in enumerate(claim.request["images"]):
            known = have.get((wanted["source"], wanted["image_version"]))
            if known is not None:
                kept.append(KeptImage(known.id, position))
                continue
            source = parse_source(wanted["source"])
            assert isinstance(source, Source)  # the gateway accepted no other
            begun.append(
                begin(vision, claim.tenant, Wanted(source, wanted["image_version"], position), Lane.WRITE)
            )
        outcomes = [b.finish() for b in begun]
    ready = [o for o in outcomes if isinstance(o, Ready)]
    reasons = [o for o in outcomes if isinstance(o, Reason)]
    if reasons and not ready and not kept:
        search.reject(vision, claim, reasons, timings)
        return

    shard = shard_of(product_id, index.shards)
    news = [r.as_new(segment=None, segment_row=row, inline=True) for row, r in enumerate(ready)]
    parts = {shard: _inline_part(product_id, ready)} if ready else {}
    change = ProductChange(product_id, claim.accept_no or 0, 0, images=(*kept, *news))
    _append(vision, claim, index, change, parts, ready, reasons, timings)


def _inline_part(product_id: str, ready: list[Ready]) -> Part:
    block = encode_block(
        Rows(
            product_ids=[product_id] * len(ready),
            image_ids=[r.image_id for r in ready],
            items=np.zeros(len(ready), np.int16),
            boxes=np.tile(np.array([0, 0, 1, 1], np.float32), (len(ready), 1)),
            vectors=np.stack([r.vector for r in ready]),
        ),
        ready[0].fingerprint,
    )
    return Part(rows=len(ready), sha256=hashlib.sha256(block).hexdigest(), inline=block)


def _append(
    vision: Vision,
    claim: Claim,
    index: Any,
    change: ProductChange,
    parts: dict[int, Part],
    ready: list[Ready],
    reasons: list[Reason],
    timings: Timings,
) -> None:
    shard = shard_of(change.product_id, index.shards)
    new = [i for i in change.images or () if isinstance(i, NewImage)]
    with vision.db.write() as c:
        # The job's row first: the fence, and the first lock of the order.
        hold(c, claim.id, claim.attempt)
        owners.own(c, claim.tenant, [s for r in ready for s in r.stored])
        reached = append(c, vision.db, index=index, changes=[change], parts=parts)
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
                "embedded": sum(r.embedded for r in ready),
                "image_ids": [i.id for i in new],
            },
            reasons=[r.to_json() for r in reasons] or None,
            timings_ms=timings.ms,
        )
    vision.notifier.log_grew(index.id)
    vision.notifier.job_done(claim.id)
