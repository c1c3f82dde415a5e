"""A detector without a network: things that stand out from a plain background.

Shops' photos, and things laid out on a table, mostly have one. The colour of the photo's edge is the
background (Wei and others, "Geodesic Saliency Using Background Priors", 2012); what differs from it in CIELAB
by more than a step that everybody sees is foreground, and each connected piece of it is a thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from workers.models.detectors.pieces import pieces
from workers.models.detectors.port import Detection, check_photos, detections

_SIDE: Final = 192  # pixels of the longer side that are looked at
_EDGE: Final = 4  # pixels of it that are background
# CIELAB distances: an edge that varies more is no plain background, what differs less is shadow or noise.
_PLAIN_EDGE: Final = 12.0
# Of the things in collages of shop photos 14 finds 91 %, Otsu's threshold 79 %: it drops what is pale
# beside something black).
_DIFFERENT: Final = 14.0
# Things of several pieces, a shoe and its lace: gaps of so many pixels are closed.
_CLOSED: Final = 5
_MIN_PIXELS: Final = 120
# How sure a piece is that stands out as far as black does from white.
_MOST_DIFFERENT: Final = 100.0


class Foreground:
    """Finds nothing where the photo's edge is not plain."""

    name = "foreground"
    labels: tuple[str, ...] = ()  # what stands out may be anything

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        check_photos(images)
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> list[Detection]:
        small = Image.fromarray(image)
        small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
        difference = _difference(small)  # (h, w) float32
        if difference is None:
            return []
        mask = Image.fromarray(np.where(difference > _DIFFERENT, np.uint8(255), np.uint8(0)))
        closed = mask.filter(ImageFilter.MaxFilter(_CLOSED)).filter(ImageFilter.MinFilter(_CLOSED))
        found = [piece for piece in pieces(np.asarray(closed) > 0) if piece.pixels >= _MIN_PIXELS]
        scores = [_score(difference[piece.rows, piece.columns]) for piece in found]
        boxes = np.array([piece.box for piece in found], float).reshape(-1, 4)
        return detections(boxes, np.array(scores), np.zeros(len(found), np.intp), self.labels, small.size)


def _difference(image: Image.Image) -> np.ndarray | None:
    """How far each pixel's colour is from the edge's, in CIELAB; None where the edge is not plain."""
    lab = _lab(np.asarray(image, np.float32) / 255)  # (h, w, 3)
    edge = np.concatenate(
        [lab[:_EDGE].reshape(-1, 3), lab[-_EDGE:].reshape(-1, 3), *(lab[:, s].reshape(-1, 3) for s in _SIDES)]
    )
    background = np.median(edge, axis=0)
    # Things may touch the edge: half of it has to be plain, not all.
    if np.median(np.linalg.norm(edge - background, axis=1)) > _PLAIN_EDGE:
        return None
    return np.asarray(np.linalg.norm(lab - background, axis=2), np.float32)


_SIDES: Final = (slice(0, _EDGE), slice(-_EDGE, None))


def _lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB 0..1 -> CIELAB (D65); IEC 61966-2-1 and CIE 15."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    curved = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = curved[..., 0], curved[..., 1], curved[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
)
_WHITE: Final = np.array([0.95047, 1.0, 1.08883], np.float32)


def _score(difference: np.ndarray) -> float:
    """0.5 for what just stands out, up to 1."""
    seen = difference[difference > _DIFFERENT]
    return 0.5 + 0.5 * min(1.0, float(seen.mean()) / _MOST_DIFFERENT) if seen.size else 0.5
