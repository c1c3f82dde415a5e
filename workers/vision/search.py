"""The story of one search, up to the vector: photo → decoded → good enough? → recognised → outcome stored."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from shared.answer.outcome import Outcome
from shared.errors import FingerprintMismatch
from shared.jobs import store as jobs
from shared.jobs.job import Claim
from shared.jobs.search_request import PhotoKind, SearchRequest
from shared.kill_points import kill_point
from shared.messages import PartMessage
from shared.reasons import Reason
from shared.telemetry import Timings
from shared.topology import INDEX_SEARCH
from workers.vision import photos, story
from workers.vision.decode.pool import Decoded, DecodePlan
from workers.vision.decode.values import VIEW_SIDE
from workers.vision.deps import Vision
from workers.vision.photos import Photo
from workers.vision.quality import judge
from workers.vision.recognise import recognise

log = logging.getLogger(__name__)


def run(vision: Vision, claim: Claim) -> None:
    """Bring a claimed search to its outcome and hand it to the index workers, or reject it with reasons."""
    kill_point("search.claimed")
    timings = Timings()
    timings.add("queued", claim.queued_s)
    request = SearchRequest.from_json(claim.request)

    abroad = vision.places.place() if request.photo.kind is PhotoKind.URL else nullcontext()
    with abroad, timings.measure("fetch"):
        photo = photos.find(vision, claim.tenant, request.photo)
    if isinstance(photo, Reason):
        story.reject(vision, claim, [photo], timings)
        return

    keep = request.store and not photo.of_product and not photo.normalised
    with timings.measure("decode"):
        decoded = vision.decoder.decode(photo.data, _plan(vision, photo, request, keep=keep))
    if isinstance(decoded, Reason):
        story.reject(vision, claim, [decoded], timings)
        return
    judged = vision.settings.quality_gate and not photo.of_product
    if judged and (reasons := judge(decoded.metrics, vision.thresholds)):
        story.reject(vision, claim, reasons, timings)
        return

    recognised = recognise(vision, decoded, request.crop, timings)
    size = {"width": decoded.width, "height": decoded.height}
    image = {"id": photo.image_id, **size, "quality": decoded.metrics}
    model = vision.model
    outcome = Outcome(
        image,
        recognised.items,
        model.fingerprint,
        recognised.whole,
        model.no_confident_match,
        recognised.degraded,
    )
    kill_point("search.embedded")
    _hand_over(vision, claim, outcome, timings)
    if keep:
        _put_away(vision, claim, photo, decoded)


def _plan(vision: Vision, photo: Photo, request: SearchRequest, *, keep: bool) -> DecodePlan:
    # A product's own image shows the product, and the caller's crop wins.
    whole_alone = vision.items is None or photo.of_product or request.crop
    return DecodePlan(
        preprocess=vision.model.preprocess,
        box=request.crop,
        normalised_side=vision.settings.normalised_side if keep else None,
        thumbnail_side=vision.settings.thumbnail_side if keep else None,
        view_side=None if whole_alone else VIEW_SIDE,
    )


def _hand_over(vision: Vision, claim: Claim, outcome: Outcome, timings: Timings) -> None:
    """Store the outcome, then ask each group that holds shards of the catalog's index."""
    settings = vision.settings
    route = vision.routes.of(claim.tenant, claim.of_catalog)
    if route.fingerprint != outcome.fingerprint:
        raise FingerprintMismatch(route.fingerprint, outcome.fingerprint)
    with vision.db.write() as c:
        jobs.hand_over(
            c,
            claim.id,
            claim.attempt,
            index_id=route.index_id,
            groups=route.groups,
            outcome=outcome.to_bytes(),
            timings_ms=timings.ms,
            hedge_after=settings.hedge_after,
            partial_after=settings.partial_after,
            answer_within=settings.answer_within,
        )
        kill_point("search.written")
    kill_point("search.committed")
    for group in route.groups:
        if group in route.seen:
            vision.dispatcher.send(INDEX_SEARCH, PartMessage(claim.id, group, claim.attempt), group=group)
    kill_point("search.sent")


def _put_away(vision: Vision, claim: Claim, photo: Photo, decoded: Decoded) -> None:
    """Keep the normalised photo. The search has gone on meanwhile: no trouble here is its own."""
    try:
        photos.keep(vision, claim, photo, decoded)
    except Exception:
        log.exception("photo not put away", extra={"job_id": claim.id})
