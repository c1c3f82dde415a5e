"""The quality gate: is a photo good enough to search with? Pure functions on decoded pixels.

Where the thresholds come from: 3,781 photos that people took of clothes, a fashion catalogue of 9,583 and a
general one of 353 photos, as they are and damaged (`benchmarks/quality_gate.py` measures it again). Rejected:

                                clothes  fashion  general
    as they are                  0.00 %   0.03 %   0.00 %
    Gaussian blur, radius 8       100 %    100 %    100 %   sharpness <= 8; of good photos >= 18
    luma x 0.08                   100 %    100 %    100 %   highlights <= 0.08; of good photos >= 0.37
    contrast x 0.05               100 %    100 %    100 %   contrast <= 0.024; of good photos >= 0.021
    20 pixels wide                100 %    100 %    100 %   of good photos >= 150
    exposure x 32, clipped         95 %     99 %     83 %   clipped of good photos <= 0.953
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.reasons import Reason

# Sharpness and detail depend on the scale, so a photo is reduced by the whole number that brings its longer
# side to at most this, and never enlarged. Networks look at 224 to 384 pixels: finer blur is lost on them.
MEASURED_SIDE: Final = 512
# Within five levels of either end a channel tells nothing; JPEG seldom leaves pure black or white.
BLACK: Final = 5
WHITE: Final = 250


@dataclass(frozen=True)
class QualityThresholds:
    """Units are those of `measure`; the module's docstring says how they were found."""

    short_side: float = 64  # below: too_small; a network of 224 pixels would see it enlarged 3.5 times
    highlights: float = 0.2  # below: too_dark
    brightness: float = 0.99  # above: too_bright
    clipped: float = 0.97  # above: overexposed
    contrast: float = 0.025  # below: low_contrast
    sharpness: float = 10.0  # below: blurred


def measure(image: Image.Image, short_side: int) -> dict[str, float]:
    """The metrics of an RGB image whose upright original is `short_side` pixels on its shorter side.

    short_side   pixels
    sharpness    variance of the Laplacian of luma, luma 0..255
    brightness   mean luma, 0..1
    highlights   95th percentile of luma, 0..1: a dark studio ground keeps it high, a dark photo does not
    contrast     standard deviation of luma, 0..1
    clipped      share of the image without shading, 0..1, see `_clipped`
    """
    small = image.reduce(math.ceil(max(image.size) / MEASURED_SIDE))
    luma = small.convert("L")
    share = np.asarray(luma.histogram()) / (luma.width * luma.height)  # (256,) float64
    levels = np.arange(256)
    mean = float(share @ levels)
    return {
        "short_side": float(short_side),
        "sharpness": _sharpness(np.asarray(luma)),
        "brightness": mean / 255,
        "highlights": float(np.searchsorted(np.cumsum(share), 0.95)) / 255,
        "contrast": math.sqrt(share @ (levels - mean) ** 2) / 255,
        "clipped": _clipped(small),
    }


def judge(metrics: dict[str, float], thresholds: QualityThresholds) -> tuple[Reason, ...]:
    """Why a photo with these metrics is too poor to search with; empty if it is good.

    Only the first cause is named of light, contrast and sharpness, in this order: the Laplacian of a photo
    without light is small however sharp it is, and "blurred" would be the wrong advice.
    """
    too_small = _below("too_small", metrics["short_side"], thresholds.short_side)
    too_dark = _below("too_dark", metrics["highlights"], thresholds.highlights)
    too_bright = _above("too_bright", metrics["brightness"], thresholds.brightness)
    overexposed = _above("overexposed", metrics["clipped"], thresholds.clipped)
    contrast = _below("low_contrast", metrics["contrast"], thresholds.contrast)
    blurred = _below("blurred", metrics["sharpness"], thresholds.sharpness)
    return (*too_small, *(too_dark or (*too_bright, *overexposed) or contrast or blurred))


def _sharpness(luma: NDArray[np.uint8]) -> float:
    """Variance of the 4-neighbour Laplacian (Pech-Pacheco et al. 2000); 0 below 3 x 3 pixels."""
    if min(luma.shape) < 3:
        return 0.0
    a = luma.astype(np.int16)
    laplacian = 4 * a[1:-1, 1:-1] - a[:-2, 1:-1] - a[2:, 1:-1] - a[1:-1, :-2] - a[1:-1, 2:]
    flat = laplacian.astype(np.float32).ravel()
    return max(0.0, float(flat @ flat / flat.size - flat.mean() ** 2))


def _clipped(image: Image.Image) -> float:
    """Share of 2 x 2 squares that hold a pixel with every channel at an end of its range.

    A product on a white or black ground keeps whole patches of shading, at least 5 % of the photo; of a
    blown-out photo thin lines and primary colours are left, which a count of white pixels takes for a motif.
    """
    bands = [np.asarray(band) for band in image.split()]  # 3 x (h, w) uint8
    red, green, blue = ((band <= BLACK) | (band >= WHITE) for band in bands)
    lost = red & green & blue
    wide = lost[:, :-1] | lost[:, 1:] if image.width > 1 else lost
    square = wide[:-1] | wide[1:] if image.height > 1 else wide
    return float(np.count_nonzero(square) / square.size)


def _below(code: str, measured: float, threshold: float) -> tuple[Reason, ...]:
    return (Reason(code, measured, threshold),) if measured < threshold else ()


def _above(code: str, measured: float, threshold: float) -> tuple[Reason, ...]:
    return (Reason(code, measured, threshold),) if measured > threshold else ()
