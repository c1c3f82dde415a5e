"""From an example to an upright RGB picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from shared.errors import TusouError
from workers.models.preprocessing.colour import on_white, plain, to_srgb
from workers.trainer.data.example import Example


def open_picture(example: Example, at_least: int) -> Image.Image:
    """Upright, in sRGB, what is transparent white: by the same steps as in a search.

    A JPEG is decoded at a reduced scale where both its sides stay above `at_least` pixels. Raises TusouError
    for bytes that are no whole picture.
    """
    if isinstance(example.image, np.ndarray):
        return Image.fromarray(example.image).convert("RGB")
    source = io.BytesIO(example.image) if isinstance(example.image, bytes) else example.image
    try:
        with Image.open(source) as image:
            image.draft(None, (at_least, at_least))
            profile = image.info.get("icc_profile")
            return on_white(to_srgb(plain(ImageOps.exif_transpose(image)), profile))
    # Decoders fail in many ways on damaged bytes; the picture's name is what the reader needs.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        where = str(example.image) if isinstance(example.image, Path) else example.name
        raise TusouError(f"{where} is no whole picture: {error}", code="bad_picture") from error


def content_of(example: Example) -> bytes:
    """The bytes of the picture as it came."""
    if isinstance(example.image, Path):
        return example.image.read_bytes()
    return example.image if isinstance(example.image, bytes) else example.image.tobytes()
