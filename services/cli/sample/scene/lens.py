"""What a phone's camera does to a picture: light, colour cast, vignette, softness, noise."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageFilter

from services.cli.sample.drawing.canvas import relief
from services.cli.sample.drawing.noise import MIDDLE, grain, tile

# Gains of red, green and blue under two lamps, in daylight and by an overcast window.
_CASTS = ((1.05, 1.0, 0.9), (1.03, 1.0, 0.95), (1.0, 1.0, 1.0), (0.96, 0.99, 1.05))
_SENSOR = 512  # pixels: the side of the noise that is repeated


def exposed(picture: Image.Image, rng: random.Random) -> Image.Image:
    """The picture as the sensor gives it back."""
    picture = ImageChops.multiply(picture, _falloff(picture.size, rng))
    gain = rng.uniform(1.0, 1.14)
    cast = rng.choice(_CASTS)
    lift = rng.uniform(2, 9)  # phones do not keep black quite black
    curves = [min(255, round(lift + v * gain * share)) for share in cast for v in range(256)]
    picture = picture.point(curves).filter(ImageFilter.BoxBlur(rng.uniform(0.35, 0.8)))
    return _noisy(picture, rng)


def _falloff(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Light that fades away from one side of the picture and towards its corners."""
    spot = Image.radial_gradient("L").point([255 - round(v * 0.34) for v in range(256)])
    x, y = rng.randrange(0, 60), rng.randrange(0, 50)
    light = spot.crop((x, y, x + 190, y + 200)).resize(size, Image.Resampling.BILINEAR)
    return Image.merge("RGB", (light, light, light))


def _noisy(picture: Image.Image, rng: random.Random) -> Image.Image:
    strength = rng.uniform(0.07, 0.15)  # of a deviation of 40 grey levels
    sensor = grain("sensor", _SENSOR, _SENSOR)
    bands = [
        relief(tile(sensor, picture.size, rng.randrange(_SENSOR), rng.randrange(_SENSOR)), strength)
        for _ in range(3)
    ]
    return ImageChops.add(picture, Image.merge("RGB", bands), 1.0, -MIDDLE)
