"""Embedded images as the vector rows that are logged: single writes and chunks make them alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.images.box import WHOLE
from shared.vectors.codec import Rows
from workers.vision.images.values import Ready


def vector_rows(members: Sequence[tuple[str, Ready]]) -> Rows:
    """One row for each (product id, image): item 0, the whole image."""
    return Rows(
        product_ids=[product_id for product_id, _ in members],
        image_ids=[ready.image_id for _, ready in members],
        items=np.zeros(len(members), np.int16),
        boxes=np.tile(np.array(WHOLE, np.float32), (len(members), 1)),
        vectors=np.stack([ready.vector for _, ready in members]),  # (n, dim) float16
    )
