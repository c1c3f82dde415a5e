"""Shop pictures: a product on a light backdrop, with its shadow."""

from __future__ import annotations

import functools
import random

from PIL import Image, ImageChops, ImageFilter

from services.cli.sample.canvas import Canvas
from services.cli.sample.design import Design, Shape
from services.cli.sample.palette import Rgb, darker, lighter, mix

SIDE = 480
_DETAIL_SIDE = 700  # a close-up is cut from a larger drawing, so that it shows more than a blown-up one
_COARSE = 4  # shadows are soft: a quarter of the resolution will do
_SHADOW: Rgb = (58, 50, 62)

_PALE: tuple[Rgb, ...] = ((246, 245, 243), (241, 242, 245), (247, 243, 236), (243, 240, 240))
_TINTED: tuple[Rgb, ...] = (
    (232, 222, 208), (214, 224, 228), (236, 218, 212), (218, 226, 212), (226, 220, 234), (240, 228, 196), (210, 214, 220),
)  # fmt: skip


def shots(shape: Shape, design: Design) -> list[Image.Image]:
    """The one to three pictures of a product."""
    rng = design.rng("shots")
    pictures = [_picture(_render(shape, design, SIDE), shape, rng.choice(_PALE), rng)]
    if rng.random() < 0.62:
        cutout = _render(shape, design, SIDE, turned=True)
        if not shape.stands:
            cutout = cutout.rotate(rng.uniform(-14, 14), Image.Resampling.BILINEAR)
        pictures.append(_picture(cutout, shape, rng.choice(_TINTED), rng))
    if rng.random() < 0.26:
        pictures.append(_detail(shape, design, rng))
    return pictures


def _render(shape: Shape, design: Design, side: int, *, turned: bool = False) -> Image.Image:
    canvas = Canvas(side)
    shape.draw(canvas, design, turned)
    return canvas.image


def _detail(shape: Shape, design: Design, rng: random.Random) -> Image.Image:
    cutout = _render(shape, design, _DETAIL_SIDE)
    left, top, right, bottom = cutout.getbbox() or (0, 0, _DETAIL_SIDE, _DETAIL_SIDE)
    x = round((left + right - SIDE) / 2 + rng.uniform(-60, 60))
    y = round((top + bottom - SIDE) / 2 + rng.uniform(-70, 40))
    return _picture(cutout.crop((x, y, x + SIDE, y + SIDE)), shape, rng.choice(_TINTED), rng, floor=False)


def _picture(cutout: Image.Image, shape: Shape, tone: Rgb, rng: random.Random, *, floor: bool = True) -> Image.Image:
    standing = shape.stands and floor
    picture = (_corner(tone) if standing else _paper(tone)).copy()
    alpha = cutout.getchannel("A")
    shadow = _floor_shadow(alpha) if standing else _drop_shadow(alpha)
    picture.paste(_SHADOW, (0, 0), shadow)
    picture.paste(cutout, (0, 0), alpha)
    return picture


@functools.cache
def _paper(tone: Rgb) -> Image.Image:
    """A sheet lit from the upper left."""
    light = Image.radial_gradient("L").resize((SIDE * 2, SIDE * 2)).crop((300, 340, 300 + SIDE, 340 + SIDE))
    return Image.composite(Image.new("RGB", (SIDE, SIDE), darker(tone, 0.1)), Image.new("RGB", (SIDE, SIDE), lighter(tone, 0.4)), light)


@functools.cache
def _corner(tone: Rgb) -> Image.Image:
    """A wall that runs over into a lighter floor."""
    column = Image.new("RGB", (1, SIDE))
    for y in range(SIDE):
        share = y / SIDE
        if share < 0.72:
            color = mix(lighter(tone, 0.25), darker(tone, 0.05), share / 0.72)
        else:
            color = mix(darker(tone, 0.05), lighter(tone, 0.3), min(1.0, (share - 0.72) / 0.12))
        column.putpixel((0, y), color)
    wall = column.resize((SIDE, SIDE))
    light = Image.radial_gradient("L").resize((SIDE * 2, SIDE * 2)).crop((320, 300, 320 + SIDE, 300 + SIDE))
    return Image.composite(Image.new("RGB", (SIDE, SIDE), darker(tone, 0.12)), wall, light.point([round(v * 0.7) for v in range(256)]))


def _drop_shadow(alpha: Image.Image) -> Image.Image:
    small = alpha.reduce(_COARSE)
    shadow = Image.new("L", small.size)
    for blur, dx, dy, strength in ((4.0, 3, 4, 0.32), (1.2, 1, 1, 0.4)):
        soft = small.filter(ImageFilter.GaussianBlur(blur)).point([round(v * strength) for v in range(256)])
        shadow = ImageChops.add(shadow, soft.crop((-dx, -dy, small.width - dx, small.height - dy)))
    return shadow.resize(alpha.size, Image.Resampling.BILINEAR)


def _floor_shadow(alpha: Image.Image) -> Image.Image:
    """The product's outline laid on the floor: a long pale shadow away from the light, a short dark one under it."""
    small = alpha.reduce(_COARSE)
    shadow = Image.new("L", small.size)
    box = small.getbbox()
    if box is None:
        return Image.new("L", alpha.size)
    left, top, right, bottom = box
    outline = small.crop(box)
    for flatness, lean, blur, strength in ((0.16, 0.5, 3.0, 0.34), (0.05, 0.0, 1.2, 0.6)):
        height = max(2, round((bottom - top) * flatness))
        flat = outline.resize((right - left, height), Image.Resampling.BILINEAR)
        layer = Image.new("L", small.size)
        layer.paste(flat, (left, bottom - height + round(height * 0.35)))
        shear = (1, lean / flatness * 0.5, -lean / flatness * 0.5 * bottom, 0, 1, 0)
        leaned = layer.transform(small.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)
        soft = leaned.filter(ImageFilter.GaussianBlur(blur)).point([round(v * strength) for v in range(256)])
        shadow = ImageChops.lighter(shadow, soft)
    return shadow.resize(alpha.size, Image.Resampling.BILINEAR)
