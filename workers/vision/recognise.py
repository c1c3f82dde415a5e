"""From a photo's pixels to its items: found, cut out, classified and embedded together."""

from __future__ import annotations

from dataclasses import dataclass

from shared.answer.outcome import Item
from shared.errors import TusouError
from shared.images.box import WHOLE, Box
from shared.telemetry import Timings
from shared.vectors.codec import to_unit_f16
from workers.models.detectors.port import Detection
from workers.models.port import Embedded
from workers.vision.batching.batcher import Lane, ModelFailure
from workers.vision.decode.pool import Decoded
from workers.vision.deps import Vision
from workers.vision.items import cut


@dataclass(frozen=True)
class Recognised:
    """`items` has at least one, the main one first. `whole` is the whole photo beside items found in it."""

    items: tuple[Item, ...]
    whole: Item | None


def recognise(vision: Vision, decoded: Decoded, crop: Box | None, timings: Timings) -> Recognised:
    """The caller's `crop` is the item; else what a detector finds; else the whole photo.

    Raises TusouError (`model_failed`) when the model fails on what `decoded.pixels` shows.
    """
    with timings.measure("detect"):
        view = decoded.view if vision.items else None
        found = vision.items.find(view) if vision.items and view is not None else []
    with timings.measure("infer"):
        assert decoded.pixels is not None
        cuts = [cut(view, one.box, vision.model.preprocess) for one in found if view is not None]
        answers = vision.batcher.submit(Lane.SEARCH, [decoded.pixels, *cuts]).result()
    first, *rest = answers
    if isinstance(first, ModelFailure):
        raise TusouError(
            f"the model failed on this photo: {first.detail}", code="model_failed", retryable=True
        )
    whole = _item(first, crop or WHOLE)
    items = tuple(
        _item(answer, one.box, one)
        for one, answer in zip(found, rest, strict=True)
        if not isinstance(answer, ModelFailure)
    )
    return Recognised(items, whole) if items else Recognised((whole,), None)


def _item(embedded: Embedded, box: Box, found: Detection | None = None) -> Item:
    """A detector's name of the thing, if it has one, goes before the classifier's."""
    named = found is not None and found.label is not None
    label, score = (found.label, found.score) if found and named else (embedded.label, embedded.label_score)
    return Item(box, label, score, to_unit_f16(embedded.vector).tobytes(), embedded.probabilities)
