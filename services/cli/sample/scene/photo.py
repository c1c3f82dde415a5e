"""A query photo: one product where somebody put it down, held a phone over it and pressed."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from services.cli.sample.canvas import Canvas
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Point, turn
from services.cli.sample.scene import clutter, lens, surfaces

SIZE = (900, 1200)
_COARSE = 2  # the background is out of focus: it is drawn at half the size
_DRAWN = 800  # pixels: the side of the product's drawing
_SHADOW = (40, 34, 40)


def photograph(shape: Shape, design: Design, rng: random.Random) -> Image.Image:
    """The product in a light, at an angle and on a background that its shop pictures do not have."""
    canvas = Canvas(_DRAWN, light=1.0)
    shape.draw(canvas, design, False)
    product = _tilted(_framed(canvas.image, rng), rng, 1.5 if shape.stands else 14)
    left = round((SIZE[0] - product.width) / 2 + rng.uniform(-40, 40))
    top = round((SIZE[1] - product.height) / 2 + rng.uniform(-50, 90))
    alpha = Image.new("L", SIZE)
    alpha.paste(product.getchannel("A"), (left, top))

    edge = top + round(product.height * rng.uniform(0.62, 0.72))
    picture = _background(shape, rng, edge // _COARSE)
    _cast(picture, alpha.reduce(_COARSE), standing=shape.stands)
    picture = picture.resize(SIZE, Image.Resampling.BICUBIC)
    picture.paste(product, (left, top), product.getchannel("A"))
    return lens.exposed(picture, rng)


def _framed(drawing: Image.Image, rng: random.Random) -> Image.Image:
    """The square about the product that fills most of the photo's width or height."""
    left, top, right, bottom = drawing.getbbox() or (0, 0, *drawing.size)
    reach = max((right - left) / SIZE[0], (bottom - top) / SIZE[1] * 1.12) * SIZE[0] * rng.uniform(1.16, 1.32)
    x, y = (left + right - reach) / 2, (top + bottom - reach) / 2
    return drawing.crop((round(x), round(y), round(x + reach), round(y + reach)))


def _background(shape: Shape, rng: random.Random, edge: int) -> Image.Image:
    width, height = SIZE[0] // _COARSE, SIZE[1] // _COARSE
    things = Canvas(height, light=1.0)
    if shape.stands:
        picture = surfaces.standing((width, height), rng, edge)
        clutter.scatter(things, rng, (2, 3))
    else:
        picture = surfaces.lying((width, height), rng)
        clutter.scatter(things, rng)
    margin = (height - width) // 2
    layer = things.image.crop((margin, 0, margin + width, height)).filter(ImageFilter.GaussianBlur(0.8))
    picture.paste(layer, (0, 0), layer.getchannel("A"))
    return picture


def _tilted(drawing: Image.Image, rng: random.Random, most_degrees: float) -> Image.Image:
    """The square drawing turned by up to `most_degrees` and seen in perspective, as wide as the photo."""
    whole = drawing.width
    square = [(0.0, 0.0), (whole, 0.0), (whole, whole), (0.0, whole)]
    jitter = whole * 0.05
    corners = [
        (x + rng.uniform(-jitter, jitter), y + rng.uniform(-jitter, jitter))
        for x, y in turn(square, rng.uniform(-most_degrees, most_degrees), whole / 2, whole / 2)
    ]
    coefficients = _perspective(corners, SIZE[0])
    size = (SIZE[0], SIZE[0])
    return drawing.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)


def _perspective(quad: list[Point], side: int) -> tuple[float, ...]:
    """Coefficients that take a square of `side` pixels to a quadrilateral (Heckbert 1989, section 2.2.3)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    return (
        (x1 - x0 + g * x1) / side, (x3 - x0 + h * x3) / side, x0,
        (y1 - y0 + g * y1) / side, (y3 - y0 + h * y3) / side, y0,
        g / side, h / side,
    )  # fmt: skip


def _cast(picture: Image.Image, alpha: Image.Image, *, standing: bool) -> None:
    """Shadows of the product on the background, away from a light at the right."""
    for blur, dx, dy, strength in ((16, -14, 14, 0.42), (4, -3, 4, 0.5)):
        outline = alpha
        if standing:
            outline = _flattened(alpha, 0.2 if blur > 8 else 0.06)
            dy = 0
        small = outline.filter(ImageFilter.GaussianBlur(blur)).point([round(v * strength) for v in range(256)])
        shadow = small.crop((-dx, -dy, small.width - dx, small.height - dy))
        picture.paste(_SHADOW, (0, 0), shadow)


def _flattened(alpha: Image.Image, share: float) -> Image.Image:
    box = alpha.getbbox()
    flat = Image.new("L", alpha.size)
    if box is None:
        return flat
    left, top, right, bottom = box
    height = max(4, math.ceil((bottom - top) * share))
    flat.paste(alpha.crop(box).resize((right - left, height)), (left, bottom - round(height * 0.7)))
    return flat
