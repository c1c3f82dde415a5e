"""A photo that lies on its side finds what the upright one finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.index_rig import Rig
from tests.integration.pictures import encoded
from tests.integration.test_decode import exif
from tests.vision_rig import VisionRig
from workers.models.classical.descriptor import Descriptor
from workers.vision.decode.pool import Decoded, DecodePlan

SIZE = (416, 304)  # whole blocks of a JPEG
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


# The same numbers for a block and its transpose, so that a JPEG of whole blocks turns without another loss.
TABLE = [16 + 2 * (n // 8 + n % 8) for n in range(64)]
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"qtables": [TABLE, TABLE], "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
}
PRODUCTS = 40


class Shop:
    """A vision worker with a model that sees shapes, and an index worker, over products of one photo each."""

    def __init__(self, home: Path) -> None:
        self.model = Descriptor()
        self._rig = Rig(
            f"sqlite:///{home / 'tusou.db'}",
            home,
            fingerprint=self.model.fingerprint,
            dim=self.model.dim,
            shard_count=2,
        )
        self.vision = VisionRig(
            home, db=self._rig.db, objects=self._rig.store, model=self.model, quality_gate=False
        )
        rows = []
        for seed in range(PRODUCTS):
            (self.vision.folder / f"{seed}.jpg").write_bytes(encoded(product(seed), "JPEG", quality=90))
            rows.append({"id": f"p{seed}", "images": [f"{seed}.jpg"]})
        assert self.vision.import_all(rows).result["images"] == PRODUCTS
        self._indexer = self._rig.worker()
        self._indexer.catch_up()

    def hits(self, photo: bytes) -> list[str]:
        """The ten products that a search with this photo finds, best first."""
        job_id = self.vision.ask(photo)
        self.vision.search(job_id)
        job = self._indexer.answer(job_id)
        assert job.state == "succeeded", job
        return [hit["product"]["id"] for hit in job.result["items"][0]["hits"]]

    def vector(self, photo: bytes) -> NDArray[np.float32]:
        """Of unit length, as the worker embeds it."""
        plan = DecodePlan(self.model.preprocess, normalised_side=400, thumbnail_side=100)
        answer = self.vision.vision.decoder.decode(photo, plan)
        assert isinstance(answer, Decoded), answer
        (embedded,) = self.model.post(self.model.core(self.model.pre([answer.pixels])))
        return embedded.vector


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("orientation"))
    yield made
    made.vision.close()


@pytest.fixture(scope="module")
def ten(shop: Shop) -> dict[str, list[str]]:
    """By format, what the upright photo finds without any EXIF."""
    found = {kind: shop.hits(encoded(product(7), kind, **how)) for kind, how in FORMATS.items()}
    for hits in found.values():
        assert hits[0] == "p7"
        assert len(set(hits)) == 10
    return found


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_photo_finds_the_same_ten(
    shop: Shop, ten: dict[str, list[str]], kind: str, orientation: int
) -> None:
    turn = STORED[orientation]
    stored = product(7) if turn is None else product(7).transpose(turn)
    assert shop.hits(encoded(stored, kind, exif=exif(orientation), **FORMATS[kind])) == ten[kind]


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_photo_as_cameras_write_it_has_the_vector_of_the_upright_one(shop: Shop, orientation: int) -> None:
    """Its JPEG has other blocks, and so slightly other pixels: near ties may change places."""
    turned = encoded(product(7).transpose(STORED[orientation]), "JPEG", quality=95, exif=exif(orientation))
    upright = encoded(product(7), "JPEG", quality=95, exif=exif(1))
    assert float(shop.vector(upright) @ shop.vector(turned)) >= 0.99
    assert shop.hits(turned)[0] == shop.hits(upright)[0] == "p7"
