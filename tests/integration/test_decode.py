"""What real decode children make of the images that shops and phones send."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from shared.reasons import Reason
from tests.integration.pictures import PLAN, SIZE, Spec, encoded, scene
from workers.models.preprocessing.geometry import prepare
from workers.vision.decode.pool import Decoded, DecodeLimits, DecodePlan, DecodePool

ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with closing(DecodePool(1)) as pool:
        yield pool


def decoded(pool: DecodePool, data: bytes, plan: DecodePlan = PLAN) -> Decoded:
    answer = pool.decode(data, plan)
    assert isinstance(answer, Decoded), answer
    return answer


def pixels(pool: DecodePool, data: bytes, plan: DecodePlan = PLAN) -> NDArray[np.uint8]:
    seen = decoded(pool, data, plan).pixels
    assert seen is not None
    return seen


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean absolute difference, in levels of 256."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def code_of(answer: Decoded | Reason) -> str:
    assert isinstance(answer, Reason), "the image was decoded"
    return answer.code


def turned(orientation: int) -> Image.Image:
    """The scene as a camera stores it that says `orientation`: applying the tag gives the scene again."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return scene().transpose(undo[orientation]) if orientation in undo else scene()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[0x010F] = "Secret Camera Maker"
    return tags


def test_pixels_are_those_of_the_shared_geometry(pool: DecodePool) -> None:
    seen = pixels(pool, encoded(scene(), "PNG"))
    assert seen.shape == (224, 224, 3)
    assert np.array_equal(seen, prepare(scene(), Spec()))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_made_upright(pool: DecodePool, format: str, orientation: int) -> None:
    answer = decoded(pool, encoded(turned(orientation), format, exif=exif(orientation), quality=95))
    assert (answer.width, answer.height) == SIZE
    assert answer.pixels is not None
    assert difference(answer.pixels, prepare(scene(), Spec())) < 3


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_box_is_of_the_upright_image(pool: DecodePool, orientation: int) -> None:
    box = (0.5, 0.25, 0.75, 1.0)
    data = encoded(turned(orientation), "PNG", exif=exif(orientation))
    width, height = SIZE
    cut = scene().crop((width // 2, height // 4, width * 3 // 4, height))
    assert np.array_equal(pixels(pool, data, replace(PLAN, box=box)), prepare(cut, Spec()))


@pytest.mark.parametrize(
    "damage", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00MM\x00*" + b"\xff" * 60]
)
def test_damaged_exif_leaves_the_photo_as_it_is_stored(pool: DecodePool, damage: bytes) -> None:
    assert difference(pixels(pool, encoded(scene(), "JPEG", exif=damage)), prepare(scene(), Spec())) < 3


def with_alpha() -> Image.Image:
    """The scene, its left half transparent over black."""
    image = scene().convert("RGBA")
    width, height = SIZE
    image.paste((0, 0, 0, 0), (0, 0, width // 2, height))
    return image


def on_white() -> Image.Image:
    image = scene()
    width, height = SIZE
    image.paste("white", (0, 0, width // 2, height))
    return image


def sixteen_bit_grey() -> bytes:
    values = np.asarray(scene().convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(values), "PNG")


def keyed_palette() -> bytes:
    """A palette image of which one colour is declared transparent."""
    image = on_white().quantize(64)
    white = image.getpixel((0, 0))
    palette = image.getpalette()
    assert isinstance(white, int)
    assert palette is not None
    palette[3 * white : 3 * white + 3] = [255, 0, 255]
    image.putpalette(palette)
    return encoded(image, "PNG", transparency=white)


GREY = scene().convert("L").convert("RGB")
MODES: dict[str, tuple[bytes, Image.Image, float]] = {
    "CMYK JPEG": (encoded(scene().convert("CMYK"), "JPEG", quality=95), scene(), 3),
    "grey JPEG": (encoded(scene().convert("L"), "JPEG", quality=95), GREY, 3),
    "progressive JPEG": (encoded(scene(), "JPEG", quality=95, progressive=True), scene(), 3),
    "16-bit grey PNG": (sixteen_bit_grey(), GREY, 1),
    "1-bit PNG": (encoded(scene().convert("1"), "PNG"), scene().convert("1").convert("RGB"), 0),
    "grey PNG": (encoded(scene().convert("L"), "PNG"), GREY, 0),
    "palette PNG": (encoded(scene().quantize(256), "PNG"), scene(), 6),
    "palette PNG with transparency": (keyed_palette(), on_white(), 6),
    "RGBA PNG": (encoded(with_alpha(), "PNG"), on_white(), 0),
    "LA PNG": (encoded(with_alpha().convert("LA"), "PNG"), on_white().convert("L").convert("RGB"), 1),
    "RGBA WebP": (encoded(with_alpha(), "WEBP", lossless=True), on_white(), 0),
    "lossy WebP": (encoded(scene(), "WEBP", quality=95), scene(), 4),
    "GIF": (encoded(scene(), "GIF"), scene(), 8),
    "transparent GIF": (encoded(with_alpha(), "GIF"), on_white(), 8),
    "BMP": (encoded(scene(), "BMP"), scene(), 0),
}


@pytest.mark.parametrize("name", MODES)
def test_every_pixel_mode_becomes_rgb_on_white(pool: DecodePool, name: str) -> None:
    data, expected, tolerance = MODES[name]
    assert difference(pixels(pool, data), prepare(expected, Spec())) <= tolerance


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "MPO"])
def test_only_the_first_frame_of_many_is_seen(pool: DecodePool, format: str) -> None:
    others = [Image.new("RGB", SIZE, colour) for colour in ("red", "green", "blue")]
    data = encoded(scene(), format, save_all=True, append_images=others, quality=95)
    assert difference(pixels(pool, data), prepare(scene(), Spec())) < 8


def test_a_colour_profile_is_followed(pool: DecodePool) -> None:
    """The profile says that red and blue are exchanged; then blue is what the sender means."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[:] = profile.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    profile[:] = profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    red = encoded(Image.new("RGB", SIZE, (250, 0, 0)), "PNG", icc_profile=bytes(profile))
    assert pixels(pool, red)[100, 100].tolist() == pytest.approx([0, 0, 250], abs=8)


@pytest.mark.parametrize("profile", [b"no profile", b"\x00" * 3_000, bytes(8 * 2**20)])
def test_a_bad_or_huge_colour_profile_is_ignored(pool: DecodePool, profile: bytes) -> None:
    data = encoded(scene(), "JPEG", quality=95, icc_profile=profile)
    assert difference(pixels(pool, data), prepare(scene(), Spec())) < 3


def test_an_srgb_profile_changes_nothing(pool: DecodePool) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(
        pixels(pool, encoded(scene(), "PNG", icc_profile=profile)), prepare(scene(), Spec())
    )


def test_a_large_photo_is_decoded_at_reduced_scale_and_looks_the_same(pool: DecodePool) -> None:
    large = scene((4_000, 3_000))
    answer = decoded(pool, encoded(large, "JPEG", quality=95))
    assert (answer.width, answer.height) == (4_000, 3_000)
    assert answer.metrics["short_side"] == 3_000
    assert answer.pixels is not None
    assert difference(answer.pixels, prepare(large, Spec())) < 2


def test_a_small_box_of_a_large_photo_keeps_its_pixels(pool: DecodePool) -> None:
    noise = Image.effect_noise((4_000, 3_000), 80).convert("RGB")
    box = (0.5, 0.5, 0.58, 0.58)  # 320 x 240: an eighth of it would be 30 pixels
    cut = noise.crop((2_000, 1_500, 2_320, 1_740))
    seen = pixels(pool, encoded(noise, "JPEG", quality=98), replace(PLAN, box=box))
    assert difference(seen, prepare(cut, Spec())) < 4


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_pixels_do_not_depend_on_what_else_is_asked_for(pool: DecodePool, format: str) -> None:
    """An indexed image must find itself as a query, which keeps no normalised image."""
    data = encoded(scene((3_000, 2_000)), format)
    kept = replace(PLAN, normalised_side=1_024, thumbnail_side=320)
    assert np.array_equal(pixels(pool, data), pixels(pool, data, kept))


def test_squash_shows_the_whole_image(pool: DecodePool) -> None:
    spec = Spec()
    spec.fit = "squash"
    assert np.array_equal(pixels(pool, encoded(scene(), "PNG"), DecodePlan(spec)), prepare(scene(), spec))


def marked(format: str) -> bytes:
    """An image full of metadata, each piece of which says SECRET."""
    tags = exif(1)
    tags[0x010E] = "SECRET description"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET text")
    extras: dict[str, dict[str, Any]] = {
        "JPEG": {
            "comment": b"SECRET comment",
            "xmp": b"<x:xmpmeta>SECRET</x:xmpmeta>",
            "icc_profile": b"SECRET" * 99,
        },
        "PNG": {"pnginfo": text},
        "WEBP": {"xmp": b"SECRET xmp"},
        "GIF": {"comment": b"SECRET comment"},
    }
    return encoded(scene(), format, exif=tags, **extras[format])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_no_metadata_survives_in_what_is_served(pool: DecodePool, format: str) -> None:
    data = marked(format)
    assert b"SECRET" in data
    answer = decoded(pool, data, replace(PLAN, normalised_side=400, thumbnail_side=100))
    for jpeg in (answer.normalised, answer.thumbnail):
        assert jpeg is not None
        assert not any(word in jpeg for word in (b"SECRET", b"Secret", b"Exif", b"ICC_PROFILE", b"xmpmeta"))
        assert set(Image.open(io.BytesIO(jpeg)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


Sizes = list[tuple[int, int] | None]


def sizes(answer: Decoded) -> Sizes:
    jpegs = answer.normalised, answer.thumbnail
    return [None if jpeg is None else Image.open(io.BytesIO(jpeg)).size for jpeg in jpegs]


@pytest.mark.parametrize(
    ("normalised_side", "thumbnail_side", "expected"),
    [
        (400, 100, [(400, 267), (100, 67)]),
        (2_000, 100, [SIZE, (100, 67)]),
        (400, 400, [(400, 267), None]),
        (None, 100, [None, (100, 67)]),
        (None, None, [None, None]),
    ],
)
def test_jpegs_have_the_sides_asked_for_and_are_never_enlarged(
    pool: DecodePool,
    normalised_side: int | None,
    thumbnail_side: int | None,
    expected: list[tuple[int, int] | None],
) -> None:
    plan = replace(PLAN, normalised_side=normalised_side, thumbnail_side=thumbnail_side)
    assert sizes(decoded(pool, encoded(scene(), "PNG"), plan)) == expected


def test_pixels_can_be_left_out(pool: DecodePool) -> None:
    answer = decoded(pool, encoded(scene(), "PNG"), replace(PLAN, pixels=False, normalised_side=400))
    assert answer.pixels is None
    assert answer.normalised is not None


def test_a_box_of_too_few_pixels_is_refused_with_both_numbers(pool: DecodePool) -> None:
    answer = pool.decode(encoded(scene(), "PNG"), replace(PLAN, box=(0.5, 0.5, 0.525, 1.0)))
    assert isinstance(answer, Reason)
    assert (answer.code, answer.threshold) == ("box_too_small", 16)
    assert answer.measured == pytest.approx(12)


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0, 0, 1.1, 1), (-0.1, 0, 1, 1), (0, float("nan"), 1, 1)])
def test_a_box_that_is_none_cannot_be_planned(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="box"):
        replace(PLAN, box=box)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_a_truncated_image_is_undecodable(pool: DecodePool, format: str) -> None:
    data = encoded(scene(), format)
    assert code_of(pool.decode(data[: len(data) * 2 // 3], PLAN)) == "undecodable"


def test_the_largest_images_allowed_fit_the_memory_of_a_child(pool: DecodePool) -> None:
    """Worst cases: all of a 64 MP JPEG for a small box, turned; 25 MP of RGBA, lossless WebP and palette."""
    jpeg = encoded(Image.new("RGB", (8_000, 8_000), "teal"), "JPEG", exif=exif(6))
    box = replace(PLAN, box=(0.5, 0.5, 0.51, 0.51))
    assert decoded(pool, jpeg, box).width == 8_000
    square = Image.new("RGBA", (5_000, 5_000), (0, 128, 128, 128))
    for data in (encoded(square, "PNG"), encoded(square, "WEBP", lossless=True), encoded(square, "GIF")):
        assert decoded(pool, data, box).width == 5_000


def test_an_image_that_does_not_fit_in_memory_is_one_reason() -> None:
    data = encoded(Image.new("RGB", (5_000, 5_000)), "PNG")
    with closing(DecodePool(1, DecodeLimits(memory_bytes=180 * 2**20))) as pool:
        assert isinstance(pool.decode(encoded(scene(), "PNG"), PLAN), Decoded)
        before = pool.pids()
        assert code_of(pool.decode(data, PLAN)) == "decode_memory"
        assert pool.pids() == before
