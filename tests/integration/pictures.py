"""Pictures that the decode tests send, and the plan they ask for."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image, ImageDraw

from workers.models.preprocessing.geometry import Geometry
from workers.vision.decode.pool import DecodePlan


class Spec(Geometry):
    resize = 256
    crop = 224
    interpolation = "bilinear"
    fit = "center"


PLAN: Final = DecodePlan(Spec())
SIZE: Final = (480, 320)


def scene(size: tuple[int, int] = SIZE) -> Image.Image:
    """RGB, smooth, and different in every corner, so that a wrong turn or a swapped channel shows."""
    width, height = size
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (across, down, Image.new("L", size, 90)))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 8, height // 8, width // 2, height // 2), fill=(230, 230, 40))
    draw.rectangle((width * 5 // 8, height // 2, width * 7 // 8, height * 3 // 4), fill=(20, 60, 200))
    return image


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()
