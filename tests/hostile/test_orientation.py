"""A photo that lies on its side finds what the upright one finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.integration.pictures import encoded
from tests.integration.test_decode import exif
from workers.models.classical.descriptor import Descriptor
from workers.vision.decode.pool import Decoded, DecodePlan, DecodePool

SIZE = (420, 300)
# How a camera stores a photo that says each orientation: Exif 2.32, tag 0112, undone.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def product(seed: int) -> Image.Image:
    """Shapes in some colours, different at each side, so that a wrong turn shows."""
    choose = random.Random(seed)
    image = Image.new("RGB", SIZE, tuple(choose.randrange(180, 256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(9):
        x, y = choose.randrange(SIZE[0] - 60), choose.randrange(SIZE[1] - 60)
        box = (x, y, x + choose.randint(30, 180), y + choose.randint(30, 120))
        shape = choose.choice((draw.ellipse, draw.rectangle))
        shape(box, fill=tuple(choose.randrange(256) for _ in range(3)))
    return image


class Eye:
    """Photo to vector, as a vision worker makes it."""

    def __init__(self, pool: DecodePool) -> None:
        self._pool = pool
        self._model = Descriptor()
        self._plan = DecodePlan(self._model.preprocess, normalised_side=400, thumbnail_side=100)

    def decode(self, data: bytes) -> Decoded:
        answer = self._pool.decode(data, self._plan)
        assert isinstance(answer, Decoded), answer
        return answer

    def vectors(self, photos: list[bytes]) -> NDArray[np.float32]:
        """(n, dim), of unit length."""
        pixels = [self.decode(photo).pixels for photo in photos]
        embedded = self._model.post(self._model.core(self._model.pre(pixels)))
        return np.stack([one.vector for one in embedded])


@pytest.fixture(scope="module")
def eye() -> Iterator[Eye]:
    with closing(DecodePool(1)) as pool:
        yield Eye(pool)


@pytest.fixture(scope="module")
def catalogue(eye: Eye) -> NDArray[np.float32]:
    return eye.vectors([encoded(product(seed), "JPEG", quality=90) for seed in range(40)])


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_photo_finds_the_same_ten_in_the_same_order(
    eye: Eye, catalogue: NDArray[np.float32], orientation: int
) -> None:
    """As PNG; a JPEG of other blocks has slightly other pixels, so near ties may change places."""
    upright = product(7)
    turned = upright.transpose(STORED[orientation])
    straight, lying, upright_photo, photo = eye.vectors(
        [
            encoded(upright, "PNG", exif=exif(1)),
            encoded(turned, "PNG", exif=exif(orientation)),
            encoded(upright, "JPEG", quality=95, exif=exif(1)),
            encoded(turned, "JPEG", quality=95, exif=exif(orientation)),
        ]
    )
    best = [
        np.argsort(-(catalogue @ vector), kind="stable")[:10].tolist() for vector in (straight, lying, photo)
    ]
    assert best[0] == best[1]
    assert best[0][0] == best[2][0] == 7
    assert float(upright_photo @ photo) >= 0.99
