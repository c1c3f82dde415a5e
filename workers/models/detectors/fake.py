"""A detector for tests: the image's quarters that are not plain, at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from workers.models.detectors.port import Detection, check_photos, detections

_PLAIN = 8  # grey levels between the darkest and the brightest


class FakeDetector:
    """Each quarter with something in it is an item; the more contrast, the higher its score."""

    name = "fake"
    labels: tuple[str, ...] = ("item",)

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        check_photos(images)
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> list[Detection]:
        height, width = image.shape[:2]
        boxes, scores = [], []
        for row, column in product((0, 1), repeat=2):
            top, bottom = row * height // 2, (row + 1) * height // 2
            left, right = column * width // 2, (column + 1) * width // 2
            quarter = image[top:bottom, left:right]
            if quarter.size and (contrast := int(np.ptp(quarter))) > _PLAIN:
                boxes.append((left, top, right, bottom))
                scores.append(contrast / 255)
        found = np.array(boxes, float).reshape(-1, 4)
        return detections(
            found, np.array(scores), np.zeros(len(found), np.intp), self.labels, (width, height)
        )
