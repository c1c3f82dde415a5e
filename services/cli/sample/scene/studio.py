"""Shop pictures: a product on a light backdrop, with its shadow."""

from __future__ import annotations

import functools
import random

from PIL import Image, ImageChops, ImageFilter

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas, dimmed
from services.cli.sample.drawing.palette import Rgb, darker, lighter, mix

SIDE = 480
_DETAIL_SIDE = 700  # a close-up is cut from a larger drawing: it shows more than a blown-up one
_COARSE = 4  # shadows are soft: a quarter of the resolution will do
_SHADOW: Rgb = (58, 50, 62)
_HORIZON = 0.72  # where the wall runs over into the floor

_PALE: tuple[Rgb, ...] = ((246, 245, 243), (241, 242, 245), (247, 243, 236), (243, 240, 240))
_TINTED: tuple[Rgb, ...] = (
    (232, 222, 208),
    (214, 224, 228),
    (236, 218, 212),
    (218, 226, 212),
    (226, 220, 234),
    (240, 228, 196),
    (210, 214, 220),
)


def shots(shape: Shape, design: Design) -> list[Image.Image]:
    """The one to three pictures of a product, RGB, `SIDE` pixels square."""
    rng = design.rng("shots")
    pictures = [_picture(_drawing(shape, design, SIDE), rng.choice(_PALE), standing=shape.stands)]
    if rng.random() < 0.62:
        cutout = _drawing(shape, design, SIDE, turned=True)
        if not shape.stands:
            cutout = cutout.rotate(rng.uniform(-14, 14), Image.Resampling.BILINEAR)
        pictures.append(_picture(cutout, rng.choice(_TINTED), standing=shape.stands))
    if rng.random() < 0.26:
        pictures.append(_detail(shape, design, rng))
    return pictures


def _drawing(shape: Shape, design: Design, side: int, *, turned: bool = False) -> Image.Image:
    canvas = Canvas(side)
    shape.draw(canvas, design, turned)
    return canvas.image


def _detail(shape: Shape, design: Design, rng: random.Random) -> Image.Image:
    cutout = _drawing(shape, design, _DETAIL_SIDE)
    left, top, right, bottom = cutout.getbbox() or (0, 0, *cutout.size)
    x = round((left + right - SIDE) / 2 + rng.uniform(-60, 60))
    y = round((top + bottom - SIDE) / 2 + rng.uniform(-70, 40))
    return _picture(cutout.crop((x, y, x + SIDE, y + SIDE)), rng.choice(_TINTED), standing=False)


def _picture(cutout: Image.Image, tone: Rgb, *, standing: bool) -> Image.Image:
    picture = (_corner(tone) if standing else _paper(tone)).copy()
    alpha = cutout.getchannel("A")
    picture.paste(_SHADOW, (0, 0), _floor_shadow(alpha) if standing else _drop_shadow(alpha))
    picture.paste(cutout, (0, 0), alpha)
    return picture


@functools.cache
def _paper(tone: Rgb) -> Image.Image:
    """A sheet lit from the upper left."""
    dark, light = (Image.new("RGB", (SIDE, SIDE), color) for color in (darker(tone, 0.1), lighter(tone, 0.4)))
    return Image.composite(dark, light, _falloff(300, 340))


@functools.cache
def _corner(tone: Rgb) -> Image.Image:
    """A wall that runs over into a lighter floor."""
    column = Image.new("RGB", (1, SIDE))
    for y in range(SIDE):
        below = y / SIDE - _HORIZON
        if below < 0:
            color = mix(lighter(tone, 0.25), darker(tone, 0.05), 1 + below / _HORIZON)
        else:
            color = mix(darker(tone, 0.05), lighter(tone, 0.3), min(1.0, below / 0.12))
        column.putpixel((0, y), color)
    dark = Image.new("RGB", (SIDE, SIDE), darker(tone, 0.12))
    return Image.composite(dark, column.resize((SIDE, SIDE)), dimmed(_falloff(320, 300), 0.7))


def _falloff(left: int, top: int) -> Image.Image:
    """How far a place is from the light, 0..255."""
    spot = Image.radial_gradient("L").resize((SIDE * 2, SIDE * 2))
    return spot.crop((left, top, left + SIDE, top + SIDE))


def _drop_shadow(alpha: Image.Image) -> Image.Image:
    """The shadow of a thing that lies flat."""
    small = alpha.reduce(_COARSE)
    shadow = Image.new("L", small.size)
    for blur, dx, dy, strength in ((4.0, 3, 4, 0.32), (1.2, 1, 1, 0.4)):
        soft = dimmed(small.filter(ImageFilter.GaussianBlur(blur)), strength)
        shadow = ImageChops.add(shadow, soft.crop((-dx, -dy, small.width - dx, small.height - dy)))
    return shadow.resize(alpha.size, Image.Resampling.BILINEAR)


def _floor_shadow(alpha: Image.Image) -> Image.Image:
    """A product's outline laid on the floor: long and pale away from the light, short and dark beneath."""
    small = alpha.reduce(_COARSE)
    shadow = Image.new("L", small.size)
    left, top, right, bottom = small.getbbox() or (0, 0, *small.size)
    outline = small.crop((left, top, right, bottom))
    for flatness, lean, blur, strength in ((0.16, 1.56, 3.0, 0.34), (0.05, 0.0, 1.2, 0.6)):
        height = max(2, round((bottom - top) * flatness))
        flat = Image.new("L", small.size)
        squeezed = outline.resize((right - left, height), Image.Resampling.BILINEAR)
        flat.paste(squeezed, (left, bottom - height + round(height * 0.35)))
        shear = (1, lean, -lean * bottom, 0, 1, 0)
        leaned = flat.transform(small.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)
        soft = dimmed(leaned.filter(ImageFilter.GaussianBlur(blur)), strength)
        shadow = ImageChops.lighter(shadow, soft)
    return shadow.resize(alpha.size, Image.Resampling.BILINEAR)
