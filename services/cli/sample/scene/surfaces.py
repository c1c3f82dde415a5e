"""What lies under or behind a product in a photo. All take a size in pixels and give RGB."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.drawing.canvas import relief
from services.cli.sample.drawing.noise import MIDDLE, cloud, grain, tile
from services.cli.sample.drawing.palette import Rgb, darker, lighter, mix
from services.cli.sample.drawing.texture import cloth, knit, wood

Size = tuple[int, int]

_TIMBERS: tuple[Rgb, ...] = ((206, 168, 122), (176, 132, 90), (222, 196, 160), (138, 104, 78))
_LINENS: tuple[Rgb, ...] = ((214, 206, 192), (188, 196, 200), (206, 190, 182), (196, 202, 184))
_STONES: tuple[Rgb, ...] = ((226, 224, 222), (206, 208, 210), (232, 224, 214))
_RUGS: tuple[Rgb, ...] = ((204, 196, 184), (176, 182, 178), (190, 176, 168))
_DESKS: tuple[Rgb, ...] = ((214, 210, 204), (190, 196, 202), (170, 160, 150))
_WALLS: tuple[Rgb, ...] = (
    (222, 218, 208),
    (204, 214, 214),
    (224, 208, 196),
    (208, 204, 216),
    (200, 208, 192),
)


def lying(size: Size, rng: random.Random) -> Image.Image:
    """A surface seen from above."""
    kinds: tuple[Callable[[Size, random.Random], Image.Image], ...] = (
        _planks, _planks, _linen, _stone, _rug, _desk,
    )  # fmt: skip
    return rng.choice(kinds)(size, rng)


def standing(size: Size, rng: random.Random, edge: int) -> Image.Image:
    """A table or floor that meets a wall at height `edge`, in pixels from the top."""
    width, height = size
    tone = rng.choice(_WALLS)
    picture = _rough(
        Image.new("RGB", size, tone), cloud(f"wall {rng.randrange(4)}", width, height, 5, 6), 0.16
    )
    if rng.random() < 0.35:
        _panelling(picture, rng, darker(tone, 0.25), edge)
    top = rng.choice((_planks, _stone, _linen))((width, height - edge), rng)
    # what is far away on the table is squeezed together
    top = top.resize((width, (height - edge) // 2)).resize((width, height - edge))
    picture.paste(top, (0, edge))
    seam = Image.new("L", size)
    ImageDraw.Draw(seam).rectangle((0, edge - 3, width, edge + 4), fill=130)
    picture.paste((60, 50, 50), (0, 0), seam.filter(ImageFilter.GaussianBlur(5)))
    return picture


def _rough(picture: Image.Image, texture: Image.Image, strength: float) -> Image.Image:
    light = relief(texture, strength)
    return ImageChops.hard_light(picture, Image.merge("RGB", (light, light, light)))


def _panelling(picture: Image.Image, rng: random.Random, line: Rgb, edge: int) -> None:
    pen = ImageDraw.Draw(picture)
    step = rng.randrange(60, 110)
    for x in range(rng.randrange(step), picture.width, step):
        pen.line((x, 0, x, edge), fill=line, width=2)
        pen.line((x + 2, 0, x + 2, edge), fill=lighter(line, 0.5), width=1)


def _planks(size: Size, rng: random.Random) -> Image.Image:
    width, height = size
    base = rng.choice(_TIMBERS)
    across = rng.random() < 0.6
    length, depth = (width, height) if across else (height, width)
    picture = Image.new("RGB", (length, depth), base)
    step = rng.randrange(70, 130)
    tops = range(-rng.randrange(step), depth, step)
    pen = ImageDraw.Draw(picture)
    for y in tops:
        tone = mix(base, rng.choice(((255, 240, 214), (70, 44, 28))), rng.uniform(0, 0.16))
        pen.rectangle((0, y, length, y + step), fill=tone)
    fibres = wood().resize((256, 2048), Image.Resampling.BICUBIC).transpose(Image.Transpose.ROTATE_90)
    piece = tile(fibres, (length, depth), rng.randrange(256), rng.randrange(256))
    picture = _rough(picture, piece, 0.22)
    pen = ImageDraw.Draw(picture)
    for y in tops:
        pen.line((0, y, length, y), fill=darker(base, 0.55), width=2)
    return picture if across else picture.transpose(Image.Transpose.ROTATE_90)


def _linen(size: Size, rng: random.Random) -> Image.Image:
    width, height = size
    picture = _rough(Image.new("RGB", size, rng.choice(_LINENS)), tile(cloth(), size), 0.18)
    lean = (1, rng.uniform(-0.8, 0.8), 0, 0, 1, 0)
    folds = cloud(f"folds {rng.randrange(5)}", width, height, 3, 4)
    folds = folds.transform(size, Image.Transform.AFFINE, lean, Image.Resampling.BILINEAR, fillcolor=MIDDLE)
    return _rough(picture, folds.filter(ImageFilter.GaussianBlur(6)), 0.4)


def _stone(size: Size, rng: random.Random) -> Image.Image:
    """Pale marble: cloudy, with a few veins."""
    width, height = size
    clouds = cloud(f"marble {rng.randrange(5)}", width, height, 6, 7)
    picture = _rough(Image.new("RGB", size, rng.choice(_STONES)), clouds, 0.2)
    veins = Image.new("L", size)
    pen = ImageDraw.Draw(veins)
    for _ in range(7):
        x, y = rng.uniform(-0.2, 1) * width, rng.uniform(-0.2, 1) * height
        line = [(x, y)]
        for _ in range(14):
            x, y = x + rng.uniform(0.02, 0.12) * width, y + rng.uniform(-0.04, 0.09) * height
            line.append((x, y))
        pen.line(line, fill=rng.randrange(60, 150), width=rng.choice((1, 2, 4)), joint="curve")
    picture.paste((150, 148, 150), (0, 0), veins.filter(ImageFilter.GaussianBlur(1.6)))
    return picture


def _rug(size: Size, rng: random.Random) -> Image.Image:
    stitches = knit().resize((512, 512), Image.Resampling.BICUBIC)
    return _rough(Image.new("RGB", size, rng.choice(_RUGS)), tile(stitches, size), 0.34)


def _desk(size: Size, rng: random.Random) -> Image.Image:
    width, height = size
    picture = _rough(Image.new("RGB", size, rng.choice(_DESKS)), grain("desk", width, height), 0.06)
    return _rough(picture, cloud(f"desk {rng.randrange(4)}", width, height, 4, 5), 0.14)
