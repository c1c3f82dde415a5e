"""The square of pixels that a network sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from workers.models.preprocessing.geometry import prepare


@dataclass(frozen=True)
class Spec:
    resize: int = 40
    crop: int = 32
    interpolation: str = "bilinear"
    fit: str = "center"


def stripes(size: tuple[int, int]) -> Image.Image:
    """Red, green and blue in thirds along the longer side."""
    width, height = size
    image = Image.new("RGB", size)
    for i, colour in enumerate(("red", "lime", "blue")):
        wide = (i * width // 3, 0, (i + 1) * width // 3, height)
        tall = (0, i * height // 3, width, (i + 1) * height // 3)
        image.paste(colour, wide if width > height else tall)
    return image


@pytest.mark.parametrize("size", [(300, 100), (100, 300)])
def test_center_sees_the_middle_of_a_long_image(size: tuple[int, int]) -> None:
    pixels = prepare(stripes(size), Spec())
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == (0, 255, 0)).all()


def test_squash_sees_all_of_a_long_image() -> None:
    pixels = prepare(stripes((300, 100)), Spec(fit="squash"))
    assert pixels.shape == (32, 32, 3)
    assert [pixels[16, x].tolist() for x in (2, 16, 29)] == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("size", [(1, 1), (3, 60), (31, 32), (2_000, 100)])
def test_every_size_becomes_the_same_square(size: tuple[int, int]) -> None:
    assert prepare(Image.new("RGB", size), Spec()).shape == (32, 32, 3)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
def test_it_is_byte_for_byte_what_torchvision_makes(interpolation: str) -> None:
    """Then networks trained with torchvision's transforms see what they were trained on."""
    transforms = pytest.importorskip("torchvision.transforms", reason="torchvision is an extra")
    noise = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    resize = transforms.Resize(40, transforms.InterpolationMode(interpolation))
    theirs = transforms.CenterCrop(32)(resize(image))
    assert np.array_equal(prepare(image, Spec(interpolation=interpolation)), np.asarray(theirs))


@pytest.mark.parametrize("spec", [Spec(fit="pad"), Spec(interpolation="nearest"), Spec(crop=41)])
def test_a_specification_that_makes_no_sense_is_refused(spec: Spec) -> None:
    with pytest.raises(ValueError, match=r"fit|interpolation|crop"):
        prepare(Image.new("RGB", (50, 50)), spec)
