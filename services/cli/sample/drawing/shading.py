"""Light on parts: each function returns a `Shade` (grey, 128 = unchanged, brighter = lit)."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.drawing.canvas import Shade, relief
from services.cli.sample.drawing.geometry import Path
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.noise import MIDDLE, tile

Stops = tuple[tuple[float, float], ...]
"""(place 0..1, light -1..1) along one axis of a part."""

_COARSE = 3  # blurred light needs no more than a third of the resolution
_SOFT_LIGHTS = [v if v < MIDDLE else MIDDLE + round((v - MIDDLE) * 0.55) for v in range(256)]

ROUND: Stops = ((0, -0.62), (0.1, -0.2), (0.3, 0.3), (0.42, 0.16), (0.7, -0.16), (0.92, -0.5), (1, -0.62))
CHROME: Stops = (
    (0, -0.6), (0.08, 0.1), (0.2, 0.75), (0.3, 0.2), (0.45, -0.25),
    (0.62, -0.5), (0.76, 0.1), (0.86, 0.45), (0.94, -0.2), (1, -0.6),
)  # fmt: skip


def puff(radius: float, strength: float = 0.5) -> Shade:
    """Edges that bulge over `radius` units: lit towards the light, dark away from it."""

    def shade(mask: Mask, light: float) -> Image.Image:
        spread = max(1.0, radius * mask.unit / _COARSE)
        margin = math.ceil(spread * 2) + 2
        small = mask.image.reduce(_COARSE)
        height = Image.new("L", (small.width + 2 * margin, small.height + 2 * margin))
        height.paste(small, (margin, margin))
        height = height.filter(ImageFilter.GaussianBlur(spread))
        step = max(1, round(spread * 0.7))
        sideways = round(light * step)
        toward = _crop(height, small.size, margin + sideways, margin - step)
        away = _crop(height, small.size, margin - sideways, margin + step)
        # the slope of the blurred mask is the slope of a cushion of the same outline
        bulge = ImageChops.subtract(away, toward, 1 / strength, MIDDLE).point(_SOFT_LIGHTS)
        return bulge.resize(mask.size, Image.Resampling.BICUBIC)

    return shade


def _crop(image: Image.Image, size: tuple[int, int], left: int, top: int) -> Image.Image:
    return image.crop((left, top, left + size[0], top + size[1]))


def along(stops: Stops, strength: float = 1.0, *, down: bool = False) -> Shade:
    """A profile of light from left to right, or downwards; mirrored when the light stands right."""

    def shade(mask: Mask, light: float) -> Image.Image:
        profile = _profile(stops, strength)
        if down:
            return Image.frombytes("L", (1, 256), profile).resize(mask.size, Image.Resampling.BILINEAR)
        row = Image.frombytes("L", (256, 1), profile if light < 0 else profile[::-1])
        return row.resize(mask.size, Image.Resampling.BILINEAR)

    return shade


@functools.cache
def _profile(stops: Stops, strength: float) -> bytes:
    values = bytearray()
    for i in range(256):
        place = i / 255
        (x0, v0), (x1, v1) = next(pair for pair in pairwise(stops) if place <= pair[1][0] + 1e-9)
        value = v0 + (v1 - v0) * (place - x0) / (x1 - x0)
        values.append(min(255, max(0, round(MIDDLE + 127 * strength * value))))
    return bytes(values)


def barrel(strength: float = 1.0) -> Shade:
    """An upright cylinder."""
    return along(ROUND, strength)


def fall(top: float, bottom: float) -> Shade:
    """Light that changes evenly downwards."""
    return along(((0, top), (1, bottom)), down=True)


def ball(strength: float = 0.7) -> Shade:
    """A sphere or dome that fills the part's rectangle."""

    def shade(mask: Mask, light: float) -> Image.Image:
        width, height = mask.size
        gradient = Image.radial_gradient("L").resize((width * 3 // 2, height * 3 // 2))
        left = round(width * (0.25 - light * 0.2))
        spot = gradient.crop((left, height * 9 // 20, left + width, height * 9 // 20 + height))
        curve = [round(MIDDLE + max(-95, 80 - v) * strength) for v in range(256)]
        return spot.point([min(255, max(0, v)) for v in curve])

    return shade


def grained(texture: Image.Image, strength: float) -> Shade:
    """The relief of a grey texture about 128, laid over the canvas from its corner."""
    return lambda mask, light: relief(tile(texture, mask.size, mask.left, mask.top), strength)


def creases(lines: Sequence[Path], blur: float, strength: float) -> Shade:
    """Folds of cloth: each outline is a valley with a lit ridge beside it, softened by `blur` units."""

    def shade(mask: Mask, light: float) -> Image.Image:
        scale = mask.unit / _COARSE
        left, top = mask.left / _COARSE, mask.top / _COARSE
        size = (math.ceil(mask.size[0] / _COARSE), math.ceil(mask.size[1] / _COARSE))
        folds = Image.new("L", size, MIDDLE)
        pen = ImageDraw.Draw(folds)
        for amount, offset in ((strength, light * blur * 0.9), (-strength, 0.0)):
            for line in lines:
                points = [((x + offset) * scale - left, y * scale - top) for x, y in line]
                pen.polygon(points, fill=round(MIDDLE + 127 * amount))
        soft = folds.filter(ImageFilter.GaussianBlur(blur * scale))
        return soft.resize(mask.size, Image.Resampling.BICUBIC)

    return shade
