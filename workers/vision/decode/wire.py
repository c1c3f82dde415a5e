"""The two frames of a decode, as JSON and payloads: what is asked and what is answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shared.images.limits import ImageLimits
from shared.reasons import Reason
from workers.vision.decode.channel import BadFrame, Payload
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan


@dataclass(frozen=True)
class _Geometry:
    """The child's `preprocessing.geometry.Geometry`: the fields of a preprocess that it needs, no more."""

    resize: int
    crop: int
    interpolation: str
    fit: str


def limits_to_json(limits: DecodeLimits) -> dict[str, Any]:
    return asdict(limits)


def limits_from_json(fields: dict[str, Any]) -> DecodeLimits:
    return DecodeLimits(**{**fields, "images": ImageLimits(**fields["images"])})


def plan_to_json(plan: DecodePlan) -> dict[str, Any]:
    spec = plan.preprocess
    return {
        "preprocess": [spec.resize, spec.crop, spec.interpolation, spec.fit],
        "box": plan.box,
        "pixels": plan.pixels,
        "normalised_side": plan.normalised_side,
        "thumbnail_side": plan.thumbnail_side,
        "view_side": plan.view_side,
    }


def plan_from_json(fields: dict[str, Any]) -> DecodePlan:
    box = fields["box"]
    return DecodePlan(**{**fields, "preprocess": _Geometry(*fields["preprocess"]), "box": box and tuple(box)})


def answer_to_frame(
    answer: Decoded | Reason, detail: str | None = None
) -> tuple[dict[str, Any], list[Payload]]:
    """Header and payloads. `detail` says for the log what a decoder raised."""
    if isinstance(answer, Reason):
        return {"reason": answer.to_json(), "detail": detail}, []
    header = {
        "width": answer.width,
        "height": answer.height,
        "metrics": answer.metrics,
        "timings_ms": answer.timings_ms,
        "crop": None if answer.pixels is None else len(answer.pixels),
        "normalised": answer.normalised is not None,
        "thumbnail": answer.thumbnail is not None,
        "view": None if answer.view is None else answer.view.shape[:2],
    }
    pixels = None if answer.pixels is None else answer.pixels.data
    view = None if answer.view is None else np.ascontiguousarray(answer.view).data
    payloads = (pixels, answer.normalised, answer.thumbnail, view)
    return header, [payload for payload in payloads if payload is not None]


def answer_from_frame(header: dict[str, Any], payloads: list[memoryview]) -> Decoded | Reason:
    """Raises BadFrame where the answer is not one: the child works on hostile bytes and is not trusted."""
    try:
        if "reason" in header:
            return Reason(**header["reason"])
        waiting = iter(payloads)
        crop, view = header["crop"], header["view"]
        return Decoded(
            width=header["width"],
            height=header["height"],
            metrics=header["metrics"],
            timings_ms=header["timings_ms"],
            pixels=None
            if crop is None
            else np.frombuffer(bytes(next(waiting)), np.uint8).reshape(crop, crop, 3),
            normalised=bytes(next(waiting)) if header["normalised"] else None,
            thumbnail=bytes(next(waiting)) if header["thumbnail"] else None,
            view=None
            if view is None
            else np.frombuffer(bytes(next(waiting)), np.uint8).reshape(*map(int, view), 3),
        )
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise BadFrame(f"no answer: {error!r}") from error
