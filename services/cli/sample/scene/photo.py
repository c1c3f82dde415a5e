"""A query photo: one product where somebody put it down, held a phone over it and pressed."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas, dimmed
from services.cli.sample.drawing.geometry import rectangle, turn
from services.cli.sample.scene import clutter, lens, surfaces
from services.cli.sample.scene.perspective import perspective

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
    """The square about the product that lets it fill most of the photo's width or height."""
    left, top, right, bottom = drawing.getbbox() or (0, 0, *drawing.size)
    tallness = 1.12 * SIZE[0] / SIZE[1]
    reach = max(right - left, (bottom - top) * tallness) * rng.uniform(1.16, 1.32)
    x, y = (left + right - reach) / 2, (top + bottom - reach) / 2
    return drawing.crop((round(x), round(y), round(x + reach), round(y + reach)))


def _tilted(drawing: Image.Image, rng: random.Random, most_degrees: float) -> Image.Image:
    """The square drawing turned by up to `most_degrees` and seen in perspective, as wide as the photo."""
    whole = drawing.width
    degrees = rng.uniform(-most_degrees, most_degrees)
    jitter = whole * 0.05
    corners = [
        (x + rng.uniform(-jitter, jitter), y + rng.uniform(-jitter, jitter))
        for x, y in turn(rectangle(0, 0, whole, whole), degrees, whole / 2, whole / 2)
    ]
    size = (SIZE[0], SIZE[0])
    coefficients = perspective(corners, SIZE[0])
    return drawing.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)


def _background(shape: Shape, rng: random.Random, edge: int) -> Image.Image:
    width, height = SIZE[0] // _COARSE, SIZE[1] // _COARSE
    things = Canvas(height, light=1.0)
    if shape.stands:
        picture = surfaces.standing((width, height), rng, edge)
        clutter.scatter(things, rng, clutter.LOWER_CORNERS)
    else:
        picture = surfaces.lying((width, height), rng)
        clutter.scatter(things, rng, clutter.CORNERS)
    margin = (height - width) // 2
    layer = things.image.crop((margin, 0, margin + width, height)).filter(ImageFilter.GaussianBlur(0.8))
    picture.paste(layer, (0, 0), layer.getchannel("A"))
    return picture


def _cast(picture: Image.Image, alpha: Image.Image, *, standing: bool) -> None:
    """Shadows of the product on the background, away from a light at the right."""
    for blur, dx, dy, strength, flatness in ((16, -14, 14, 0.42, 0.2), (4, -3, 4, 0.5, 0.06)):
        outline = _flattened(alpha, flatness) if standing else alpha
        down = 0 if standing else dy
        soft = dimmed(outline.filter(ImageFilter.GaussianBlur(blur)), strength)
        shadow = soft.crop((-dx, -down, soft.width - dx, soft.height - down))
        picture.paste(_SHADOW, (0, 0), shadow)


def _flattened(alpha: Image.Image, share: float) -> Image.Image:
    """An outline squeezed to `share` of its height about its foot."""
    left, top, right, bottom = alpha.getbbox() or (0, 0, *alpha.size)
    height = max(4, math.ceil((bottom - top) * share))
    flat = Image.new("L", alpha.size)
    outline = alpha.crop((left, top, right, bottom)).resize((right - left, height))
    flat.paste(outline, (left, bottom - round(height * 0.7)))
    return flat
