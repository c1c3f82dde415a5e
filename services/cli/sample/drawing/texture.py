"""Materials as tileable grey relief (128 = flat), made once per process."""

from __future__ import annotations

import functools

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.drawing.noise import MIDDLE, cloud, grain

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
    return ImageChops.subtract(bumps, ImageChops.offset(bumps, 1, 1), 0.12, MIDDLE)


@functools.cache
def knit() -> Image.Image:
    """Columns of V-shaped stitches."""
    side, large = 8, 32
    stitch = Image.new("L", (large, large), MIDDLE - 50)
    pen = ImageDraw.Draw(stitch)
    for way in (-14, 14):
        for top in (0, -large):
            foot = (large // 2 + way // 7, top + large)
            pen.line([(large // 2 + way, top), foot], fill=MIDDLE + 60, width=9)
    return _paved(stitch.resize((side, side), Image.Resampling.LANCZOS))


def _paved(one: Image.Image) -> Image.Image:
    paved = Image.new("L", (_SIDE, _SIDE))
    for y in range(0, _SIDE, one.height):
        for x in range(0, _SIDE, one.width):
            paved.paste(one, (x, y))
    return paved


@functools.cache
def straw() -> Image.Image:
    """Plaited straw: short strokes that lie crosswise in turn."""
    step = 8
    plait = Image.new("L", (step * 2, step * 2), MIDDLE)
    pen = ImageDraw.Draw(plait)
    for x, y, lying in ((0, 0, True), (step, 0, False), (0, step, False), (step, step, True)):
        for at, tone in ((1.0, 40), (3.5, 10), (6.0, -45)):
            line = (x, y + at, x + step, y + at) if lying else (x + at, y, x + at, y + step)
            pen.line(line, fill=MIDDLE + tone, width=2)
    paved = _paved(plait).filter(ImageFilter.GaussianBlur(0.6))
    return ImageChops.add(paved, grain("straw", _SIDE, _SIDE), 2.0, 0)


@functools.cache
def mesh() -> Image.Image:
    """Sports mesh: staggered holes."""
    across, down = 12, 11
    holes = Image.new("L", (across * 2, down * 2), MIDDLE + 16)
    pen = ImageDraw.Draw(holes)
    for x, y in ((0, 0), (across * 2, 0), (across, down), (0, down * 2), (across * 2, down * 2)):
        pen.ellipse((x - 5, y - 4, x + 5, y + 4), fill=MIDDLE - 70)
    return holes.resize((across // 2 * 2, down), Image.Resampling.BICUBIC)


@functools.cache
def wood() -> Image.Image:
    """Fibres that run downwards, with slow bands."""
    fibres = grain("fibres", _SIDE, _SIDE // 16).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    timber = ImageChops.add(fibres, cloud("bands", _SIDE, _SIDE, 14, 2), 1.0, -MIDDLE)
    # above its mirror image it tiles downwards without a seam
    paved = Image.new("L", (_SIDE, _SIDE * 2))
    paved.paste(timber, (0, 0))
    paved.paste(timber.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, _SIDE))
    return paved


@functools.cache
def brushed() -> Image.Image:
    """Brushed metal: fine streaks from side to side."""
    return grain("brushed", _SIDE // 16, _SIDE).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
