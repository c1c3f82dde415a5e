"""Seeded noise. Pillow's own (`effect_noise`, `effect_spread`) draws from the C library's unseeded rand()."""

from __future__ import annotations

import functools
import statistics

from PIL import Image

from services.cli.sample.seeded import seeded

MIDDLE = 128

_BELL = statistics.NormalDist(MIDDLE, 40)
_GAUSSIAN = [min(255, max(0, round(_BELL.inv_cdf((i + 0.5) / 256)))) for i in range(256)]


@functools.cache
def grain(seed: str, width: int, height: int) -> Image.Image:
    """Grey Gaussian noise about 128 with a deviation of 40. Shared: copy before changing it."""
    raw = seeded(seed).randbytes(width * height)
    return Image.frombytes("L", (width, height), raw).point(_GAUSSIAN)


def cloud(seed: str, width: int, height: int, across: int, down: int) -> Image.Image:
    """Smooth grey noise about 128 with `across` x `down` bumps."""
    return grain(seed, across, down).resize((width, height), Image.Resampling.BICUBIC)


def tile(image: Image.Image, size: tuple[int, int], left: int = 0, top: int = 0) -> Image.Image:
    """A piece of `size` from the plane paved with an image, starting at (left, top)."""
    width, height = image.size
    left, top = left % width, top % height
    if left + size[0] <= width and top + size[1] <= height:
        return image.crop((left, top, left + size[0], top + size[1]))
    paved = Image.new(image.mode, size)
    for y in range(-top, size[1], height):
        for x in range(-left, size[0], width):
            paved.paste(image, (x, y))
    return paved
