"""From a photo's pixels to its items: found, cut out, classified and embedded together."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from shared.answer.outcome import Item
from shared.errors import TusouError
from shared.images.box import WHOLE, Box
from shared.telemetry import Timings
from shared.vectors.codec import to_unit_f16
from workers.models.detectors.port import Detection
from workers.models.port import Embedded
from workers.vision.batching.batcher import ModelFailure
from workers.vision.decode.pool import Decoded
from workers.vision.deps import Vision
from workers.vision.items import cut
from workers.vision.lane import Lane

log = logging.getLogger(__name__)

# In `degraded` of the result.
DETECTOR_FAILED = "detector_failed"


@dataclass(frozen=True)
class Recognised:
    """`items` has at least one, the main one first. `whole` is the whole photo beside items found in it.

    `degraded`: codes of what failed, so that this is less than it could be.
    """

    items: tuple[Item, ...]
    whole: Item | None
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Found:
    """What a detector found in a photo, and what the model sees of each, (crop, crop, 3) uint8."""

    items: list[Detection]
    cuts: list[np.ndarray]


NOTHING = Found([], [])


def recognise(vision: Vision, decoded: Decoded, crop: Box | None, timings: Timings) -> Recognised:
    """The caller's `crop` is the item; else what a detector finds; else, and if it fails, the whole photo.

    Raises TusouError (`model_failed`) when the model fails on what `decoded.pixels` shows.
    """
    with timings.measure("detect"):
        found = _find(vision, decoded)
    degraded = (DETECTOR_FAILED,) if found is None else ()
    found = found or NOTHING
    with timings.measure("infer"):
        assert decoded.pixels is not None
        answers = vision.batcher.submit(Lane.SEARCH, [decoded.pixels, *found.cuts]).result()
    first, *rest = answers
    if isinstance(first, ModelFailure):
        raise TusouError(
            f"the model failed on this photo: {first.detail}", code="model_failed", retryable=True
        )
    whole = _item(first, crop or WHOLE)
    items = tuple(
        _item(answer, one.box, one)
        for one, answer in zip(found.items, rest, strict=True)
        if not isinstance(answer, ModelFailure)
    )
    return Recognised(items, whole) if items else Recognised((whole,), None, degraded)


def _find(vision: Vision, decoded: Decoded) -> Found | None:
    """None when the detector failed: whatever it raises is no fault of the photo as a whole."""
    view = decoded.view
    if vision.items is None or view is None:
        return NOTHING
    try:
        items = vision.items.find(view)
        return Found(items, [cut(view, one.box, vision.model.preprocess) for one in items])
    except Exception:
        log.exception("the detector failed; the whole photo is searched")
        return None


def _item(embedded: Embedded, box: Box, found: Detection | None = None) -> Item:
    """A detector's name of the thing, if it has one, goes before the classifier's."""
    named = found is not None and found.label is not None
    label, score = (found.label, found.score) if found and named else (embedded.label, embedded.label_score)
    return Item(box, label, score, to_unit_f16(embedded.vector).tobytes(), embedded.probabilities)
