"""The story of one search, up to the vector: photo → decoded → good enough? → embedded → outcome stored."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select, update

from shared.answer.outcome import WHOLE, Item, Outcome
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import FingerprintMismatch, TusouError
from shared.ids import random_id
from shared.index.placement import groups_of, groups_seen, live_index
from shared.jobs import store as jobs
from shared.jobs.job import Claim, State
from shared.messages import PartMessage
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from shared.telemetry import Timings
from shared.topology import INDEX_SEARCH, LOOKUP
from shared.vectors.codec import to_unit_f16
from workers.vision import sources
from workers.vision.batcher import Lane, ModelFailure
from workers.vision.decode import Decoded, DecodePlan
from workers.vision.deps import Vision
from workers.vision.quality import judge


def run(vision: Vision, claim: Claim) -> None:
    """Bring a claimed search to its outcome and hand it to the index workers, or reject it with reasons."""
    timings = Timings()
    timings.add("queued", claim.queued_s)
    request = claim.request
    if claim.fingerprint != vision.model.fingerprint:
        raise FingerprintMismatch(claim.fingerprint or "none", vision.model.fingerprint)

    with timings.measure("fetch"):
        photo, image_id = sources.query_image(vision, claim.tenant, request["image"])
    if isinstance(photo, Reason):
        reject(vision, claim, [photo], timings)
        return

    is_query = request["image"]["kind"] not in ("image", "product")
    with timings.measure("decode"):
        decoded = vision.decoder.decode(
            photo.data, _plan(vision, request, keep=is_query and request["store"])
        )
    if isinstance(decoded, Reason):
        reject(vision, claim, [decoded], timings)
        return
    reasons = judge(decoded.metrics, vision.thresholds) if is_query and vision.settings.quality_gate else ()
    if reasons:
        reject(vision, claim, list(reasons), timings)
        return

    with timings.measure("infer"):
        assert decoded.pixels is not None
        (embedded,) = vision.batcher.submit(Lane.SEARCH, [decoded.pixels]).result()
    if isinstance(embedded, ModelFailure):
        raise TusouError(
            f"the model failed on this photo: {embedded.detail}", code="model_failed", retryable=True
        )

    image_id = image_id or random_id()
    box = tuple(request["crop"]) if request["crop"] else WHOLE
    item = Item(box, embedded.label, embedded.label_score, to_unit_f16(embedded.vector).tobytes())
    image = {"id": image_id, "width": decoded.width, "height": decoded.height, "quality": decoded.metrics}
    _hand_over(vision, claim, Outcome(image, (item,), vision.model.fingerprint), timings)
    if is_query:
        _keep(vision, claim, image_id, photo.data, decoded)


def _plan(vision: Vision, request: dict[str, Any], *, keep: bool) -> DecodePlan:
    return DecodePlan(
        preprocess=vision.model.preprocess,
        box=tuple(request["crop"]) if request["crop"] else None,
        normalised_side=vision.settings.normalised_side if keep else None,
        thumbnail_side=vision.settings.thumbnail_side if keep else None,
    )


def _hand_over(vision: Vision, claim: Claim, outcome: Outcome, timings: Timings) -> None:
    """Store the outcome, then ask each group that holds shards of the catalog's index."""
    settings = vision.settings
    with vision.db.read() as c:
        index = live_index(c, claim.tenant, claim.catalog or "default")
        groups = groups_of(c, index.id)
        seen = groups_seen(c, settings.replica_seen)
    if index.fingerprint != outcome.fingerprint:
        raise FingerprintMismatch(index.fingerprint, outcome.fingerprint)
    with vision.db.write() as c:
        jobs.save_stage(
            c,
            claim.id,
            claim.attempt,
            stage=LOOKUP.name,
            outcome=outcome.to_bytes(),
            groups=groups,
            parts_left=len(groups),
            timings_ms=timings.ms,
            due_at=None,
            claimed_at=now(),
            hedge_at=now() + settings.hedge_after,
            partial_at=now() + settings.partial_after,
            answer_by=now() + settings.answer_within,
        )
    for group in groups:
        if group in seen:
            vision.dispatcher.send(INDEX_SEARCH, PartMessage(claim.id, group, claim.attempt), group=group)


def _keep(vision: Vision, claim: Claim, image_id: str, data: bytes, decoded: Decoded) -> None:
    """Put the normalised image in the upload's place; without `store` nothing of the photo stays."""
    settings = vision.settings
    stored = [
        vision.store.put(new_name(kind, claim.tenant, vision.db.clock()), body)
        for kind, body in (("images", decoded.normalised), ("thumbnails", decoded.thumbnail))
        if body is not None
    ]
    with vision.db.write() as c:
        row = c.execute(select(images.c.upload).where(images.c.id == image_id)).one_or_none()
        owners.remove(c, [row.upload if row else None])
        if not stored:
            c.execute(images.delete().where(images.c.id == image_id))
            return
        owners.own(c, claim.tenant, stored, keep_for=settings.retention)
        values = {
            "state": "ready",
            "upload": None,
            "normalised": stored[0].name,
            "thumbnail": stored[1].name if len(stored) > 1 else None,
            "width": decoded.width,
            "height": decoded.height,
        }
        if row is not None:
            c.execute(update(images).where(images.c.id == image_id).values(values))
        else:
            c.execute(
                images.insert().values(
                    id=image_id,
                    tenant=claim.tenant,
                    sha256=hashlib.sha256(data).hexdigest(),
                    created_at=now(),
                    expires_at=now() + settings.retention,
                    **values,
                )
            )


def reject(vision: Vision, claim: Claim, reasons: list[Reason], timings: Timings) -> None:
    """The photo was judged and found wanting: codes and numbers; the gateway writes the advice."""
    with vision.db.write() as c:
        done = jobs.finish(
            c,
            claim.id,
            State.REJECTED,
            attempt=claim.attempt,
            keep_for=vision.settings.retention,
            reasons=[reason.to_json() for reason in reasons],
            timings_ms=timings.ms,
        )
    if done:
        vision.notifier.job_done(claim.id)
