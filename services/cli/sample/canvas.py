"""A transparent picture on which a product is put together from parts, back to front."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.geometry import Path, Point
from services.cli.sample.noise import MIDDLE
from services.cli.sample.palette import Rgb

# Masks are drawn this many times larger and reduced: Pillow's polygons have hard edges.
OVERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a part is: an 8-bit coverage image and the canvas pixel of its corner."""

    image: Image.Image
    left: int
    top: int
    unit: float  # pixels per canvas unit

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    def within(self, other: Mask) -> Mask:
        """The part of this mask that lies inside the other."""
        left, top = other.left - self.left, other.top - self.top
        width, height = self.size
        clip = other.image.crop((-left, -top, width - left, height - top))
        return Mask(ImageChops.multiply(self.image, clip), self.left, self.top, self.unit)

    def without(self, other: Mask) -> Mask:
        """The part of this mask that lies outside the other."""
        left, top = other.left - self.left, other.top - self.top
        width, height = self.size
        clip = other.image.crop((-left, -top, width - left, height - top))
        return Mask(
            ImageChops.multiply(self.image, ImageChops.invert(clip)), self.left, self.top, self.unit
        )


Paint = Rgb | Image.Image
"""One colour, or an RGB picture as large as the canvas."""

Shade = Callable[[Mask, float], Image.Image]
"""Light on a part: from its mask and the light's side (-1 left, 1 right) to grey, 128 = unchanged."""


class Canvas:
    """A square of 100 × 100 units, `size` pixels wide, lit from the left (light -1) or the right (1)."""

    def __init__(self, size: int, light: float = -1.0) -> None:
        self.size = size
        self.unit = size / 100
        self.light = light
        self.image = Image.new("RGBA", (size, size))

    def mask(self, *paths: Sequence[Point], cut: Iterable[Sequence[Point]] = ()) -> Mask:
        """The union of closed outlines, less those in `cut`."""
        xs = [x for path in paths for x, _ in path]
        ys = [y for path in paths for _, y in path]
        left = max(0, math.floor(min(xs) * self.unit) - 1)
        top = max(0, math.floor(min(ys) * self.unit) - 1)
        right = max(left + 1, min(self.size, math.ceil(max(xs) * self.unit) + 1))
        bottom = max(top + 1, min(self.size, math.ceil(max(ys) * self.unit) + 1))
        big = Image.new("L", ((right - left) * OVERSAMPLING, (bottom - top) * OVERSAMPLING))
        pen = ImageDraw.Draw(big)
        for fill, outlines in ((255, paths), (0, cut)):
            for path in outlines:
                pen.polygon(self._pixels(path, left, top), fill=fill)
        return Mask(big.reduce(OVERSAMPLING), left, top, self.unit)

    def _pixels(self, path: Sequence[Point], left: int, top: int) -> list[Point]:
        scale = self.unit * OVERSAMPLING
        dx, dy = left * OVERSAMPLING, top * OVERSAMPLING
        return [(x * scale - dx, y * scale - dy) for x, y in path]

    def fill(self, mask: Mask, paint: Paint, *shades: Shade, opacity: float = 1.0) -> Mask:
        """Lays paint, lit by the sum of the shades, over what is there."""
        width, height = mask.size
        light = None
        if shades:
            grey = add_up([shade(mask, self.light) for shade in shades])
            light = Image.merge("RGB", (grey, grey, grey))
        if isinstance(paint, Image.Image):
            layer = paint.crop((mask.left, mask.top, mask.left + width, mask.top + height))
            if light is not None:
                layer = ImageChops.hard_light(layer, light)
        elif light is not None:
            layer = light.point(_lit(paint))
        else:
            layer = Image.new("RGB", mask.size, paint)
        coverage = mask.image if opacity >= 1 else mask.image.point([round(v * opacity) for v in range(256)])
        layer.putalpha(coverage)
        self.image.alpha_composite(layer, (mask.left, mask.top))
        return mask

    def draw(self, paint: Paint, *paths: Path, shades: Sequence[Shade] = (), cast: float = 0.0) -> Mask:
        """Fills outlines; with `cast` the part stands off from what lies behind it."""
        mask = self.mask(*paths)
        if cast:
            self.cast(mask, cast)
        return self.fill(mask, paint, *shades)

    def cast(self, mask: Mask, distance: float, strength: float = 0.45) -> None:
        """The soft shadow of a part on all that is drawn so far, `distance` units away from the light."""
        spread = distance * self.unit
        margin = math.ceil(spread * 3)
        width, height = mask.size
        shadow = Image.new("L", (width + 2 * margin, height + 2 * margin))
        shadow.paste(mask.image, (margin, margin))
        shadow = shadow.filter(ImageFilter.GaussianBlur(spread * 0.9))
        left = mask.left - margin - round(self.light * spread * 0.6)
        top = mask.top - margin + round(spread)
        below = self.image.getchannel("A").crop((left, top, left + shadow.width, top + shadow.height))
        shadow = ImageChops.multiply(shadow, below).point([round(v * strength) for v in range(256)])
        layer = Image.new("RGB", shadow.size, (24, 20, 30))
        layer.putalpha(shadow)
        # alpha_composite takes no negative corner
        cut = (max(0, -left), max(0, -top))
        self.image.alpha_composite(layer, (max(0, left), max(0, top)), cut)


@functools.cache
def _lit(color: Rgb) -> list[int]:
    """Hard light on one colour as a table, which is much faster than the operation on a whole picture."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    row = ImageChops.hard_light(Image.new("RGB", (256, 1), color), Image.merge("RGB", (ramp, ramp, ramp)))
    return [value for band in row.split() for value in band.tobytes()]


def add_up(lights: Sequence[Image.Image]) -> Image.Image:
    """The sum of shades, each about 128."""
    total = lights[0]
    for light in lights[1:]:
        total = ImageChops.add(total, light, 1.0, -MIDDLE)
    return cast(Image.Image, total)
