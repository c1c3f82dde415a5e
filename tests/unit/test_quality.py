"""Which photos the quality gate lets through, and what it says of the others."""

from __future__ import annotations

import math
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


def moved(image: Image.Image, length: int, degrees: float) -> Image.Image:
    """The mean of the image along a straight line."""
    angle = math.radians(degrees)
    steps = [(round(n * math.cos(angle)), round(n * math.sin(angle))) for n in range(length)]
    pixels = np.asarray(image, np.float32)
    return Image.fromarray(
        np.mean([np.roll(pixels, step, (1, 0)) for step in steps], axis=0).astype(np.uint8)
    )


def codes(image: Image.Image) -> list[str]:
    return [reason.code for reason in judge(measure(image, min(image.size)), THRESHOLDS)]


def test_a_good_photo_has_no_reasons() -> None:
    assert codes(photo()) == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda image: image.filter(ImageFilter.GaussianBlur(8)), ["blurred"]),
        (lambda image: exposed(image, 0.08), ["too_dark"]),
        (lambda image: exposed(image, 3, 240), ["too_bright", "overexposed"]),
        (lambda image: exposed(image, 6), ["overexposed"]),
        (lambda image: exposed(image, 0.05, 120), ["low_contrast"]),
        (lambda image: image.resize((20, 20)), ["too_small"]),
    ],
)
def test_each_damage_has_its_code(damage: Callable[[Image.Image], Image.Image], expected: list[str]) -> None:
    assert codes(damage(photo())) == expected


def test_a_photo_of_which_only_thin_lines_and_primary_colours_are_left_is_overexposed() -> None:
    image = Image.new("RGB", (224, 224), "white")  # as it is measured: no line is thinned out by reduction
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 100, 100), fill="cyan")
    for x in range(75, 150, 6):
        draw.line((x, 75, x, 150), fill="brown", width=1)
    assert codes(image) == ["overexposed"]


@pytest.mark.parametrize(("ground", "thing"), [("white", "brown"), ("white", "silver"), ("black", "grey")])
def test_a_product_on_a_flat_studio_ground_passes(ground: str, thing: str) -> None:
    image = on_ground(ground, thing)
    assert codes(image) == []


def test_a_white_ground_is_not_burnt_out_motif() -> None:
    """The ground fills nine tenths; white that the motif encloses is the motif's."""
    assert measure(on_ground("white", "brown"), 448)["clipped"] < 0.6
    ring = Image.new("RGB", (448, 448), "white")
    ImageDraw.Draw(ring).ellipse((100, 100, 348, 348), outline="brown", width=30, fill="grey")
    assert measure(ring, 448)["clipped"] < 0.05
    ImageDraw.Draw(ring).ellipse((130, 130, 318, 318), fill="white")
    assert measure(ring, 448)["clipped"] > 0.4


def test_one_burnt_out_channel_counts_a_third() -> None:
    assert measure(Image.new("RGB", (300, 300), (255, 120, 60)), 300)["clipped"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90, 110, 135, 160])
def test_a_photo_that_moved_is_blurred_whatever_the_direction(degrees: float) -> None:
    """Across the motion its edges stay sharp, so no mean over directions tells."""
    assert codes(moved(photo(), 36, degrees)) == ["blurred"]


def test_a_faint_motif_with_sharp_edges_is_not_blurred() -> None:
    """The Laplacian of white on white is as small as that of a blurred photo."""
    faint = exposed(photo(), 0.3, 170)
    assert codes(faint) == []
    assert codes(faint.filter(ImageFilter.GaussianBlur(8))) == ["blurred"]


def test_one_sharp_thing_before_a_blurred_ground_is_not_blurred() -> None:
    """Depth of field: the sharpest edges decide."""
    image = photo().filter(ImageFilter.GaussianBlur(8))
    image.paste(photo().crop((100, 100, 300, 300)), (100, 100))
    assert codes(image) == []


def test_a_soft_gradient_across_sharp_stripes_is_no_motion() -> None:
    """Along the stripes nothing but light changes, and softly."""
    stripes = np.where(np.arange(448) // 16 % 2, 100, 150)[None, :] + np.linspace(-84, 84, 448)[:, None]
    grey = Image.fromarray(stripes.astype(np.uint8))
    assert codes(grey.convert("RGB")) == []


def test_a_veiled_photo_is_of_low_contrast_and_a_pale_product_on_white_is_not() -> None:
    """Both have the same contrast; the veil left no white."""
    image = on_ground("white", "silver")
    veiled = exposed(image, 1, -60)
    assert measure(image, 448)["contrast"] == pytest.approx(measure(veiled, 448)["contrast"], abs=0.01)
    assert (codes(image), codes(veiled)) == ([], ["low_contrast"])


def test_an_empty_photo_is_refused_for_its_light_only() -> None:
    """Without light or detail its sharpness says nothing, and "blurred" would be the wrong advice."""
    assert codes(Image.new("RGB", (300, 300), "black")) == ["too_dark"]
    assert codes(Image.new("RGB", (300, 300), "white")) == ["too_bright"]
    assert codes(Image.new("RGB", (300, 300), "grey")) == ["low_contrast"]


def test_a_reason_names_what_was_measured_and_the_threshold() -> None:
    (reason,) = judge(measure(photo(40), 40), THRESHOLDS)
    assert (reason.code, reason.measured, reason.threshold) == ("too_small", 40, THRESHOLDS.short_side)


def test_the_short_side_is_that_of_the_original_not_of_what_was_decoded() -> None:
    assert measure(photo(100), 3000)["short_side"] == 3000


def test_a_photo_of_more_pixels_does_not_count_as_blurred() -> None:
    """Pixel by pixel the large one is smooth; it is measured at the scale of the small one."""
    small = photo(400)
    large = small.resize((3200, 3200), Image.Resampling.BICUBIC)
    assert measure(large, 3200)["sharpness"] == pytest.approx(measure(small, 400)["sharpness"], rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 20), (2, 3), (12_000, 600)])
def test_every_size_can_be_measured(size: tuple[int, int]) -> None:
    metrics = measure(Image.new("RGB", size, "grey"), min(size))
    assert all(np.isfinite(value) for value in metrics.values())
