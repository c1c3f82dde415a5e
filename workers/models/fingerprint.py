"""Twelve hex digits that say which vectors may meet in one index."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from workers.models.preprocessing.preprocess import Preprocess

WHOLE_IMAGE = "whole image or the caller's box, then preprocess"


def fingerprint(
    *,
    architecture: str,
    weights_sha256: str,
    preprocess: Preprocess,
    dim: int,
    crop_policy: str = WHOLE_IMAGE,
    averaging: str = "none",
    whitening: str = "none",
) -> str:
    """SHA-256, cut to 48 bits, over canonical JSON of all that changes a vector.

    The engine and the device are left out: their results agree to a cosine of 0.9999 or better.
    `averaging` names the views of one image that are averaged (test-time augmentation).
    """
    facts = {
        "architecture": architecture,
        "averaging": averaging,
        "crop_policy": crop_policy,
        "dim": dim,
        "preprocess": asdict(preprocess),
        "weights_sha256": weights_sha256,
        "whitening": whitening,
    }
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
