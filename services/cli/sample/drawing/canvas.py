"""A transparent picture on which a product is put together from parts, back to front."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.drawing.geometry import Point
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.noise import MIDDLE
from services.cli.sample.drawing.palette import Rgb

# Masks are drawn this many times larger and reduced: Pillow's polygons have hard edges.
OVERSAMPLING = 3

Paint = Rgb | Image.Image
"""One colour, or an RGB picture as large as the canvas."""

Shade = Callable[[Mask, float], Image.Image]
"""Light on a part: from its mask and the light's side (-1 left, 1 right) to grey, 128 = unchanged."""


class Canvas:
    """A square of 100 x 100 units, `size` pixels wide, lit from the left (light -1) or the right (1)."""

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
        layer = _coated(mask, paint, [shade(mask, self.light) for shade in shades])
        layer.putalpha(mask.image if opacity >= 1 else dimmed(mask.image, opacity))
        self.image.alpha_composite(layer, (mask.left, mask.top))
        return mask

    def draw(
        self, paint: Paint, *paths: Sequence[Point], shades: Sequence[Shade] = (), cast: float = 0.0
    ) -> Mask:
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
        layer = Image.new("RGB", shadow.size, (24, 20, 30))
        layer.putalpha(dimmed(ImageChops.multiply(shadow, below), strength))
        # alpha_composite takes no negative corner
        self.image.alpha_composite(layer, (max(0, left), max(0, top)), (max(0, -left), max(0, -top)))


def dimmed(image: Image.Image, share: float) -> Image.Image:
    """A grey image times `share`."""
    return image.point([round(v * share) for v in range(256)])


def relief(image: Image.Image, strength: float) -> Image.Image:
    """A grey image's distance from the middle grey times `strength`."""
    return image.point([round(MIDDLE + (v - MIDDLE) * strength) for v in range(256)])


def _coated(mask: Mask, paint: Paint, lights: list[Image.Image]) -> Image.Image:
    """An RGB layer of the mask's size."""
    light = None
    if lights:
        # shades lie about the middle grey
        total = functools.reduce(lambda a, b: ImageChops.add(a, b, 1.0, -MIDDLE), lights)
        light = Image.merge("RGB", (total, total, total))
    if isinstance(paint, Image.Image):
        width, height = mask.size
        layer = paint.crop((mask.left, mask.top, mask.left + width, mask.top + height))
        return layer if light is None else ImageChops.hard_light(layer, light)
    return Image.new("RGB", mask.size, paint) if light is None else light.point(_lit(paint))


@functools.cache
def _lit(color: Rgb) -> list[int]:
    """Hard light on one colour as a table: four times as fast as the operation on a picture of one colour."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    row = ImageChops.hard_light(Image.new("RGB", (256, 1), color), Image.merge("RGB", (ramp, ramp, ramp)))
    return [value for band in row.split() for value in band.tobytes()]
