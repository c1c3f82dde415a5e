"""Files like those in the collections of broken images: PngSuite's, libjpeg-turbo's, libwebp's, Pillow's.

Each breaks one rule of its format. What becomes of it is the decoder's choice: a picture, or a reason.
"""

from __future__ import annotations

from functools import cache

from tests.hostile.images.broken.beginnings import beginnings
from tests.hostile.images.broken.bmps import bmps
from tests.hostile.images.broken.gifs import gifs
from tests.hostile.images.broken.jpegs import jpegs
from tests.hostile.images.broken.pngs import pngs
from tests.hostile.images.broken.webps import webps


@cache
def broken() -> dict[str, bytes]:
    """Name to bytes."""
    return {**pngs(), **jpegs(), **webps(), **gifs(), **bmps(), **beginnings()}
