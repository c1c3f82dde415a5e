"""Several detectors as one: what any of them finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.models.detectors.port import Detection, Detector


class Together:
    """A thing that two of them find is told twice: whoever uses detections drops what overlaps."""

    def __init__(self, name: str, detectors: Sequence[Detector]) -> None:
        self.name = name
        self.labels = tuple(dict.fromkeys(label for one in detectors for label in one.labels))
        self._detectors = tuple(detectors)

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        each = [one.detect(images) for one in self._detectors]
        return [
            sorted((one for found in of_photo for one in found), key=lambda one: -one.score)
            for of_photo in zip(*each, strict=True)
        ]
