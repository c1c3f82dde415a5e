"""The story of one explanation: two images → what matched in each → two heat maps, stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.errors import TusouError
from shared.images.box import WHOLE, Box
from shared.jobs import explanations, store
from shared.jobs.ends import finish
from shared.jobs.explanation_request import ExplanationRequest
from shared.jobs.job import Claim, State
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from shared.telemetry import Timings
from workers.models.preprocessing.geometry import seen
from workers.vision.batching.batcher import ModelFailure
from workers.vision.decode.pool import DecodePlan
from workers.vision.decode.values import VIEW_SIDE
from workers.vision.deps import Vision
from workers.vision.images import sources
from workers.vision.items import cut
from workers.vision.lane import Lane
from workers.vision.occlusion import covered_rows, heat
from workers.vision.overlay import overlay


@dataclass(frozen=True, eq=False)
class Look:
    """A part of an image as the model sees it."""

    view: np.ndarray  # (h, w, 3) uint8, the whole upright image
    box: Box
    pixels: np.ndarray  # (crop, crop, 3) uint8
    vector: np.ndarray  # (dim,) float32, unit length


def run(vision: Vision, claim: Claim) -> None:
    """Explain a hit: both images again, patch by patch, behind every search. Raises TusouError."""
    timings = Timings()
    timings.add("queued", claim.queued_s)
    asked = ExplanationRequest.from_json(claim.request)
    with timings.measure("decode"):
        photo = _view(vision, claim.tenant, asked.query_image)
        picture = _view(vision, claim.tenant, asked.result_image)
    with timings.measure("infer"):
        result = _look(vision, picture, WHOLE)
        looks = [_look(vision, photo, box) for box in asked.boxes]
        query = max(looks, key=lambda look: float(look.vector @ result.vector))
        heats = [_heat(vision, query, result), _heat(vision, result, query)]
    with timings.measure("draw"):
        drawn = [_draw(vision, look, warmth) for look, warmth in zip((query, result), heats, strict=True)]
    _hand_in(vision, claim, drawn, timings)


def _view(vision: Vision, tenant: str, image_id: str) -> np.ndarray:
    """(h, w, 3) uint8 RGB: the image as it is kept, or an upload that its search is about to put away."""
    found = sources.by_image_id(vision, tenant, image_id)
    if isinstance(found, Reason):
        raise TusouError(f"image {image_id} is gone", code="image_gone")
    plan = DecodePlan(preprocess=vision.model.preprocess, pixels=False, view_side=VIEW_SIDE)
    decoded = vision.decoder.decode(found.data, plan)
    if isinstance(decoded, Reason):
        raise TusouError(f"image {image_id} cannot be read again: {decoded.code}", code=decoded.code)
    assert decoded.view is not None
    return decoded.view


def _look(vision: Vision, view: np.ndarray, box: Box) -> Look:
    pixels = cut(view, box, vision.model.preprocess)
    (vector,) = _embed(vision, [pixels])
    return Look(view, box, pixels, vector)


def _heat(vision: Vision, look: Look, other: Look) -> np.ndarray:
    """One row of the grid at a time, so that a search waits for a few images and a write for one row."""
    covered = np.concatenate([_embed(vision, row) for row in covered_rows(look.pixels)])
    return heat(look.vector, covered, other.vector)


def _embed(vision: Vision, images: list[np.ndarray]) -> np.ndarray:
    """(n, dim) float32 of n images as the model sees them."""
    answers = vision.batcher.submit(Lane.WRITE, images).result()
    failed = [answer.detail for answer in answers if isinstance(answer, ModelFailure)]
    if failed:
        raise TusouError(f"the model failed on a part of this image: {failed[0]}", code="model_failed")
    return np.stack([answer.vector for answer in answers if not isinstance(answer, ModelFailure)])


def _draw(vision: Vision, look: Look, warmth: np.ndarray) -> bytes:
    """The heat lies where the model looked: within the box, and within what its geometry keeps of that."""
    height, width = look.view.shape[:2]
    x0, y0, x1, y1 = look.box
    wide, high = x1 - x0, y1 - y0
    left, top, right, bottom = seen(
        max(1, round(wide * width)), max(1, round(high * height)), vision.model.preprocess
    )
    part = (x0 + left * wide, y0 + top * high, x0 + right * wide, y0 + bottom * high)
    return overlay(look.view, warmth, part)


def _hand_in(vision: Vision, claim: Claim, drawn: list[bytes], timings: Timings) -> None:
    """Keep both pictures, unless the explanation was erased meanwhile. Raises LostClaim."""
    names = [new_name("explanations", claim.tenant, vision.db.clock()) for _ in drawn]
    stored = [vision.store.put(name, body) for name, body in zip(names, drawn, strict=True)]
    keep_for = vision.settings.kept_for(claim.kind)
    with vision.db.write() as c:
        store.hold(c, claim.id, claim.attempt)
        if not explanations.complete(c, claim.id, *names):
            raise TusouError("what was to be explained was erased meanwhile", code="image_gone")
        owners.own(c, claim.tenant, stored, keep_for=keep_for)
        finish(
            c,
            claim.id,
            State.SUCCEEDED,
            attempt=claim.attempt,
            keep_for=keep_for,
            result={
                "search": claim.request["search"],
                "item": claim.request["item"],
                "hit": claim.request["hit"],
            },
            timings_ms=timings.ms,
        )
    vision.notifier.job_done(claim.id)
