"""What lies under or behind a product in a photo. All take a size in pixels and give RGB."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.cli.sample.noise import MIDDLE, cloud, grain, tile
from services.cli.sample.palette import Rgb, darker, lighter, mix
from services.cli.sample.texture import cloth, knit, wood

Size = tuple[int, int]

_TIMBERS: tuple[Rgb, ...] = ((206, 168, 122), (176, 132, 90), (222, 196, 160), (138, 104, 78))
_LINENS: tuple[Rgb, ...] = ((214, 206, 192), (188, 196, 200), (206, 190, 182), (196, 202, 184))
_WALLS: tuple[Rgb, ...] = ((222, 218, 208), (204, 214, 214), (224, 208, 196), (208, 204, 216), (200, 208, 192))


def lying(size: Size, rng: random.Random) -> Image.Image:
    """A surface seen from above."""
    return rng.choice(_LYING)(size, rng)


def standing(size: Size, rng: random.Random, edge: int) -> Image.Image:
    """A table or floor that meets a wall at height `edge`, in pixels from the top."""
    width, height = size
    picture = Image.new("RGB", size, rng.choice(_WALLS))
    _relief(picture, cloud(f"wall {rng.randrange(4)}", width, height, 5, 6), 0.16)
    if rng.random() < 0.35:
        _panelling(picture, rng, edge)
    top = rng.choice((_planks, _stone, _linen))((width, height - edge), rng)
    # what is far away on the table is squeezed together
    top = top.resize((width, (height - edge) // 2)).resize((width, height - edge))
    picture.paste(top, (0, edge))
    shade = Image.new("L", size)
    ImageDraw.Draw(shade).rectangle((0, edge - 3, width, edge + 4), fill=130)
    picture.paste((60, 50, 50), (0, 0), shade.filter(ImageFilter.GaussianBlur(5)))
    return picture


def _relief(picture: Image.Image, texture: Image.Image, strength: float) -> None:
    light = texture.point([round(MIDDLE + (v - MIDDLE) * strength) for v in range(256)])
    picture.paste(ImageChops.hard_light(picture, Image.merge("RGB", (light, light, light))))


def _panelling(picture: Image.Image, rng: random.Random, edge: int) -> None:
    pen = ImageDraw.Draw(picture)
    step = rng.randrange(60, 110)
    tone = picture.getpixel((0, 0))
    assert isinstance(tone, tuple)
    line = darker((int(tone[0]), int(tone[1]), int(tone[2])), 0.25)
    for x in range(rng.randrange(step), picture.width, step):
        pen.line((x, 0, x, edge), fill=line, width=2)
        pen.line((x + 2, 0, x + 2, edge), fill=lighter(line, 0.5), width=1)


def _planks(size: Size, rng: random.Random) -> Image.Image:
    width, height = size
    base = rng.choice(_TIMBERS)
    picture = Image.new("RGB", size, base)
    pen = ImageDraw.Draw(picture)
    across = rng.random() < 0.6
    step = rng.randrange(70, 130)
    far = height if across else width
    for at in range(-rng.randrange(step), far, step):
        tone = mix(base, rng.choice(((255, 240, 214), (70, 44, 28))), rng.uniform(0, 0.16))
        pen.rectangle((0, at, width, at + step) if across else (at, 0, at + step, height), fill=tone)
    fibres = wood().resize((256, 1024), Image.Resampling.BICUBIC)
    if across:
        fibres = fibres.transpose(Image.Transpose.ROTATE_90)
    _relief(picture, tile(fibres, size, rng.randrange(256), rng.randrange(256)), 0.22)
    pen = ImageDraw.Draw(picture)
    for at in range(-rng.randrange(step), far, step):
        line = (0, at, width, at) if across else (at, 0, at, height)
        pen.line(line, fill=darker(base, 0.55), width=2)
    return picture


def _linen(size: Size, rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", size, rng.choice(_LINENS))
    width, height = size
    _relief(picture, tile(cloth(), size), 0.18)
    folds = cloud(f"folds {rng.randrange(5)}", width, height, 3, 4).transform(
        size, Image.Transform.AFFINE, (1, rng.uniform(-0.8, 0.8), 0, 0, 1, 0), Image.Resampling.BILINEAR, fillcolor=MIDDLE
    )
    _relief(picture, folds.filter(ImageFilter.GaussianBlur(6)), 0.4)
    return picture


def _stone(size: Size, rng: random.Random) -> Image.Image:
    """Pale marble: cloudy, with a few veins."""
    width, height = size
    picture = Image.new("RGB", size, rng.choice(((226, 224, 222), (206, 208, 210), (232, 224, 214))))
    _relief(picture, cloud(f"marble {rng.randrange(5)}", width, height, 6, 7), 0.2)
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
    base: Rgb = rng.choice(((204, 196, 184), (176, 182, 178), (190, 176, 168)))
    picture = Image.new("RGB", size, base)
    big = knit().resize((512, 512), Image.Resampling.BICUBIC)
    _relief(picture, tile(big, size), 0.34)
    return picture


def _desk(size: Size, rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", size, rng.choice(((214, 210, 204), (190, 196, 202), (170, 160, 150))))
    width, height = size
    _relief(picture, grain("desk", width, height), 0.06)
    _relief(picture, cloud(f"desk {rng.randrange(4)}", width, height, 4, 5), 0.14)
    return picture


_LYING: Sequence[Callable[[Size, random.Random], Image.Image]] = (_planks, _planks, _linen, _stone, _rug, _desk)
