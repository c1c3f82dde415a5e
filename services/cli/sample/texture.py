"""Materials as tileable grey relief (128 = flat), made once per process."""

from __future__ import annotations

import functools

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.noise import MIDDLE, cloud, grain

_SIDE = 256


@functools.cache
def cloth() -> Image.Image:
    """Fine weave: two crossed sets of threads."""
    across = grain("weft", _SIDE // 4, _SIDE).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    down = grain("warp", _SIDE, _SIDE // 4).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    return ImageChops.add(across, down, 1.0, -MIDDLE).filter(ImageFilter.GaussianBlur(0.6))


@functools.cache
def leather() -> Image.Image:
    """Pebbled grain."""
    bumps = grain("leather", _SIDE // 2, _SIDE // 2).filter(ImageFilter.GaussianBlur(0.9))
    bumps = bumps.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    lit = ImageChops.subtract(bumps, ImageChops.offset(bumps, 1, 1), 0.12, MIDDLE)
    return lit


@functools.cache
def knit() -> Image.Image:
    """Columns of V-shaped stitches."""
    stitch = 8
    one = Image.new("L", (stitch * 4, stitch * 4), MIDDLE - 50)
    pen = ImageDraw.Draw(one)
    for side in (-1, 1):
        middle = stitch * 2
        pen.line([(middle + side * 14, 0), (middle + side * 2, stitch * 4)], fill=MIDDLE + 60, width=9)
        pen.line([(middle + side * 14, -stitch * 4), (middle + side * 2, 0)], fill=MIDDLE + 60, width=9)
    one = one.resize((stitch, stitch), Image.Resampling.LANCZOS)
    paved = Image.new("L", (_SIDE, _SIDE))
    for y in range(0, _SIDE, stitch):
        for x in range(0, _SIDE, stitch):
            paved.paste(one, (x, y))
    return paved


@functools.cache
def straw() -> Image.Image:
    """Plaited straw: short strokes that lie crosswise in turn."""
    paved = Image.new("L", (_SIDE, _SIDE), MIDDLE)
    pen = ImageDraw.Draw(paved)
    step = 8
    for row in range(_SIDE // step):
        for column in range(_SIDE // step):
            x, y = column * step, row * step
            up = (row + column) % 2 == 0
            for i in range(3):
                tone = MIDDLE + (40, 10, -45)[i]
                offset = 1 + i * 2.5
                line = [(x, y + offset), (x + step, y + offset)] if up else [(x + offset, y), (x + offset, y + step)]
                pen.line(line, fill=tone, width=2)
    return ImageChops.add(paved.filter(ImageFilter.GaussianBlur(0.6)), grain("straw", _SIDE, _SIDE), 2.0, 0)


@functools.cache
def mesh() -> Image.Image:
    """Sports mesh: staggered holes."""
    step = 6
    paved = Image.new("L", (step * 42 * 2, step * 42 * 2), MIDDLE + 16)
    pen = ImageDraw.Draw(paved)
    for row in range(84 * 2):
        for column in range(84 * 2):
            x, y = (column + (row % 2) / 2) * step * 2, row * step * 2 * 0.9
            pen.ellipse((x - 3, y - 2.4, x + 3, y + 2.4), fill=MIDDLE - 70)
    return paved.reduce(2)


def _mirrored(image: Image.Image) -> Image.Image:
    """The image above its mirror image, so that it tiles downwards without a seam."""
    paved = Image.new(image.mode, (image.width, image.height * 2))
    paved.paste(image, (0, 0))
    paved.paste(image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, image.height))
    return paved


@functools.cache
def wood() -> Image.Image:
    """Fibres that run downwards, with slow bands."""
    fibres = grain("fibres", _SIDE, _SIDE // 16).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    bands = cloud("bands", _SIDE, _SIDE, 14, 2)
    return _mirrored(ImageChops.add(fibres, bands, 1.0, -MIDDLE))


@functools.cache
def brushed() -> Image.Image:
    """Brushed metal: fine streaks from side to side."""
    return grain("brushed", _SIDE // 16, _SIDE).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
