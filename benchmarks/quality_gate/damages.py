"""What spoils a photo, each damage at any level. Lengths are relative: in pixels of a photo `SIDE` wide.

Light is added and scaled in linear light, as a lens and a sensor do, not in sRGB's curve. A phone saves JPEG:
so does each damage, for the gate must not be helped by pixels that no camera writes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE: Final = 224  # of the photo's shorter side: what most networks see
LARGEST: Final = 256  # a larger photo is reduced first: neither the network nor the gate sees more of it
JPEG_QUALITY: Final = 90
# A phone's pixel in low light: ISO is raised until it saturates with so few electrons. Their shot noise is
# their square root; that of reading them out comes on top (both in electrons; the model of Hasinoff, Durand
# and Freeman 2010, Noise-Optimal Capture for High Dynamic Range Photography).
FULL_WELL: Final = 1000.0
READ_NOISE: Final = 3.0

Spoil = Callable[[Image.Image, float, np.random.Generator], Image.Image]


@dataclass(frozen=True)
class Damage:
    """`levels` run from harmless to hopeless; `codes` are the reasons that a gate may rightly give."""

    name: str
    unit: str
    levels: tuple[float, ...]
    codes: frozenset[str]
    spoil: Spoil

    def __call__(self, image: Image.Image, level: float, seed: int) -> Image.Image:
        """The RGB image spoilt, and saved as a phone saves it. The same for the same seed."""
        out = io.BytesIO()
        self.spoil(_reduced(image), level, np.random.default_rng(seed)).save(
            out, "JPEG", quality=JPEG_QUALITY
        )
        return Image.open(out).convert("RGB")


def _reduced(image: Image.Image) -> Image.Image:
    scale = LARGEST / min(image.size)
    if scale >= 1:
        return image
    return image.resize((round(image.width * scale), round(image.height * scale)), reducing_gap=2.0)


def _blurred(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(level * min(image.size) / SIDE))


def _moved(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    """The mean along a straight line at an angle of chance: a hand that moves steadily."""
    steps = max(1, round(level * min(image.size) / SIDE))
    angle = rng.uniform(0, math.pi)
    offsets = np.arange(steps + 1) - steps / 2
    across, down = np.rint(offsets * math.cos(angle)), np.rint(offsets * math.sin(angle))
    edge = steps // 2 + 1
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    wide = np.pad(pixels, ((edge, edge), (edge, edge), (0, 0)), "edge")
    total = np.zeros(pixels.shape, np.uint32)
    for x, y in zip(across.astype(int), down.astype(int), strict=True):
        total += wide[edge + y : edge + y + height, edge + x : edge + x + width]
    return Image.fromarray((total / len(offsets)).round().astype(np.uint8))


def _dark(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    electrons = _linear(image) * np.float32(2.0**-level * FULL_WELL)
    noise = np.sqrt(electrons + READ_NOISE**2) * rng.standard_normal(electrons.shape, np.float32)
    return _encoded((electrons + noise) / FULL_WELL)


def _blown_out(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    return _encoded(_linear(image) * 2.0**level)


def _tiny(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    scale = level / min(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BOX) if scale < 1 else image


def _flat(image: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    """A veil of stray light over the photo: the contrast shrinks by 2^level around a light grey."""
    share = 2.0**-level
    return image.point(lambda value: value * share + (1 - share) * 160)


def _linear(image: Image.Image) -> NDArray[np.float32]:
    """(h, w, 3) float32, 0..1: sRGB's curve undone (IEC 61966-2-1)."""
    return _LINEAR[np.asarray(image)]


def _encoded(light: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(_SRGB[np.clip(light * 4095 + 0.5, 0, 4095).astype(np.uint16)])


def _curves() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    light = np.arange(4096) / 4095
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return linear.astype(np.float32), np.rint(encoded * 255).astype(np.uint8)


_LINEAR, _SRGB = _curves()

DAMAGES: Final = (
    Damage("blurred", "px of 224, sigma", (1, 2, 3, 4, 6, 8, 12), frozenset({"blurred"}), _blurred),
    Damage("moved", "px of 224, length", (4, 8, 16, 24, 32, 48, 64), frozenset({"blurred"}), _moved),
    Damage("dark", "stops", (2, 4, 5, 6, 7, 8, 9), frozenset({"too_dark"}), _dark),
    Damage("blown_out", "stops", (1, 2, 3, 4, 5, 6, 7), frozenset({"too_bright", "overexposed"}), _blown_out),
    Damage("tiny", "px", (112, 64, 48, 32, 24, 16, 12), frozenset({"too_small"}), _tiny),
    Damage("flat", "halvings of contrast", (1, 2, 3, 4, 5, 6), frozenset({"low_contrast"}), _flat),
)
