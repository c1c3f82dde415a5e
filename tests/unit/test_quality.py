"""Which photos the quality gate lets through, and what it says of the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from workers.vision.quality import QualityThresholds, judge, measure

THRESHOLDS = QualityThresholds()


def photo(side: int = 448) -> Image.Image:
    """A scene with texture, edges and a full range of light."""
    noise = np.random.default_rng(7).integers(0, 256, (side // 4, side // 4, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    draw.ellipse((side // 4, side // 4, side // 2, side // 2), fill="navy")
    draw.rectangle((side // 2, side // 2, side * 3 // 4, side * 3 // 4), fill="beige")
    return image


def on_ground(ground: str, thing: str) -> Image.Image:
    """A small textured thing on a flat studio ground that fills nine tenths of the photo."""
    image = Image.new("RGB", (448, 448), ground)
    draw = ImageDraw.Draw(image)
    for x in range(150, 300, 6):
        draw.line((x, 150, x, 300), fill=thing, width=3)
    return image


def exposed(image: Image.Image, gain: float, offset: float = 0) -> Image.Image:
    return image.point(lambda value: value * gain + offset)


def codes(image: Image.Image) -> list[str]:
    return [reason.code for reason in judge(measure(image, min(image.size)), THRESHOLDS)]


def test_a_good_photo_has_no_reasons() -> None:
    assert codes(photo()) == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda image: image.filter(ImageFilter.GaussianBlur(8)), ["blurred"]),
        (lambda image: exposed(image, 0.08), ["too_dark"]),
        (lambda image: exposed(image, 1, 250), ["too_bright", "overexposed"]),
        (lambda image: exposed(image, 0.05, 120), ["low_contrast"]),
        (lambda image: image.resize((20, 20)), ["too_small"]),
    ],
)
def test_each_damage_has_its_code(damage: Callable[[Image.Image], Image.Image], expected: list[str]) -> None:
    assert codes(damage(photo())) == expected


def test_a_photo_of_which_only_thin_lines_and_primary_colours_are_left_is_overexposed() -> None:
    image = Image.new("RGB", (448, 448), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 200, 200), fill="cyan")
    for x in range(150, 300, 6):
        draw.line((x, 150, x, 300), fill="brown", width=1)
    assert codes(image) == ["overexposed"]


@pytest.mark.parametrize(("ground", "thing"), [("white", "brown"), ("white", "silver"), ("black", "grey")])
def test_a_product_on_a_flat_studio_ground_passes(ground: str, thing: str) -> None:
    image = on_ground(ground, thing)
    assert measure(image, 448)["clipped"] > 0.85
    assert codes(image) == []


def test_an_empty_photo_is_refused_for_its_light_only() -> None:
    """Without light or detail its sharpness says nothing, and "blurred" would be the wrong advice."""
    assert codes(Image.new("RGB", (300, 300), "black")) == ["too_dark"]
    assert codes(Image.new("RGB", (300, 300), "white")) == ["too_bright", "overexposed"]


def test_a_reason_names_what_was_measured_and_the_threshold() -> None:
    (reason,) = judge(measure(photo(40), 40), THRESHOLDS)
    assert (reason.code, reason.measured, reason.threshold) == ("too_small", 40, THRESHOLDS.short_side)


def test_the_short_side_is_that_of_the_original_not_of_what_was_decoded() -> None:
    assert measure(photo(100), 3000)["short_side"] == 3000


def test_a_photo_of_more_pixels_does_not_count_as_blurred() -> None:
    """Its Laplacian would be hundreds of times smaller without the common scale."""
    small = photo(400)
    large = small.resize((3200, 3200), Image.Resampling.BICUBIC)
    ratio = measure(large, 3200)["sharpness"] / measure(small, 400)["sharpness"]
    assert 0.25 < ratio < 4


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 20), (2, 3), (12_000, 600)])
def test_every_size_can_be_measured(size: tuple[int, int]) -> None:
    metrics = measure(Image.new("RGB", size, "grey"), min(size))
    assert all(np.isfinite(value) for value in metrics.values())
