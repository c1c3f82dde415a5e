"""What the gateway learns of an image without decoding it."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.images.header import Header, HeaderProblem, read_header
from shared.images.limits import ImageLimits


def encoded(format: str, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, format, **options)
    return out.getvalue()


def frames(format: str, size: tuple[int, int] = (60, 40)) -> bytes:
    return encoded(format, size, save_all=True, append_images=[Image.new("RGB", size, "red")])


def with_alpha(format: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (60, 40), (1, 2, 3, 100)).save(out, format, **options)
    return out.getvalue()


def jpeg_of(width: int, height: int) -> bytes:
    """The start of a JPEG that claims a size: nothing behind it needs to be true."""
    return b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)


def png_of(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


VALID = {
    "jpeg": (encoded("JPEG"), "JPEG"),
    "progressive jpeg": (encoded("JPEG", progressive=True), "JPEG"),
    "jpeg with a large profile": (encoded("JPEG", icc_profile=bytes(300_000)), "JPEG"),
    "jpeg with exif": (encoded("JPEG", exif=Image.Exif().tobytes() + bytes(60_000)), "JPEG"),
    "multi-picture jpeg": (frames("MPO"), "JPEG"),
    "png": (encoded("PNG"), "PNG"),
    "lossy webp": (encoded("WEBP"), "WEBP"),
    "lossless webp": (encoded("WEBP", lossless=True), "WEBP"),
    "lossy webp with alpha": (with_alpha("WEBP"), "WEBP"),
    "animated webp": (frames("WEBP"), "WEBP"),
    "gif": (encoded("GIF"), "GIF"),
    "animated gif": (frames("GIF"), "GIF"),
    "bmp": (encoded("BMP"), "BMP"),
    "bmp with alpha": (with_alpha("BMP"), "BMP"),
}


@pytest.mark.parametrize("name", VALID)
def test_format_and_size_come_from_the_content(name: str) -> None:
    data, format = VALID[name]
    assert read_header(data) == Header(format, 60, 40)


def test_bmp_of_rows_from_top_to_bottom_has_a_positive_height() -> None:
    data = bytearray(encoded("BMP"))
    data[22:26] = struct.pack("<i", -40)
    assert read_header(bytes(data)) == Header("BMP", 60, 40)


def test_old_bmp_with_16_bit_sides_is_read() -> None:
    assert read_header(b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 60, 40, 1, 24)) == Header("BMP", 60, 40)


def test_fill_bytes_before_a_jpeg_marker_are_skipped() -> None:
    assert read_header(b"\xff\xd8\xff\xff\xff" + jpeg_of(60, 40)[3:]) == Header("JPEG", 60, 40)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (jpeg_of(8_001, 8_000), "too_many_pixels"),
        (png_of(5_001, 5_000), "too_many_pixels"),
        (jpeg_of(12_001, 5_000), "side_too_long"),
        (jpeg_of(59_424, 3), "aspect_ratio"),
        (png_of(210, 10), "aspect_ratio"),
        (png_of(10, 210), "aspect_ratio"),
        (png_of(0, 10), "empty_image"),
        (jpeg_of(10, 0), "empty_image"),
        (b"", "empty_image"),
        (png_of(2**31, 2**31), "too_many_pixels"),
    ],
)
def test_each_limit_has_its_code(data: bytes, code: str) -> None:
    problem = read_header(data)
    assert isinstance(problem, HeaderProblem)
    assert problem.code == code


@pytest.mark.parametrize(
    "data", [jpeg_of(8_000, 8_000), png_of(5_000, 5_000), png_of(200, 10), jpeg_of(12_000, 5_000)]
)
def test_what_is_exactly_at_a_limit_passes(data: bytes) -> None:
    assert isinstance(read_header(data), Header)


def test_limits_are_an_argument_and_the_problem_names_both_numbers() -> None:
    problem = read_header(png_of(60, 40), ImageLimits(max_pixels=2_000))
    assert isinstance(problem, HeaderProblem)
    assert (problem.code, problem.measured, problem.threshold) == ("too_many_pixels", 2_400, 2_000)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 not an image",
        b"II*\x00" + bytes(60),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00",
        b"RIFF",
    ],
)
def test_other_files_are_unsupported_and_told_what_is_read(data: bytes) -> None:
    problem = read_header(data)
    assert isinstance(problem, HeaderProblem)
    assert problem.code == "unsupported_format"
    assert "JPEG" in problem.detail


@pytest.mark.parametrize(("brand", "name"), [(b"heic", "HEIC"), (b"mif1", "HEIC"), (b"avif", "AVIF")])
def test_heic_and_avif_are_told_how_to_send_jpeg(brand: bytes, name: str) -> None:
    problem = read_header(b"\x00\x00\x00\x18ftyp" + brand + bytes(40))
    assert isinstance(problem, HeaderProblem)
    assert problem.code == "unsupported_format"
    assert name in problem.detail
    assert "as JPEG" in problem.detail


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_a_header_cut_short_is_undecodable(format: str) -> None:
    problem = read_header(encoded(format)[:17] if format != "GIF" else encoded(format)[:8])
    assert isinstance(problem, HeaderProblem)
    assert problem.code == "undecodable"


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x00", b"\xff\xe0\x00\x00", b"\xff\x01"])
def test_a_jpeg_of_endless_segments_is_given_up(filling: bytes) -> None:
    """16 MiB of markers would otherwise be walked one by one in a gateway thread."""
    problem = read_header(b"\xff\xd8\xff\xe0\x00\x02" + filling * (2**24 // len(filling)))
    assert isinstance(problem, HeaderProblem)
    assert problem.code == "undecodable"


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert isinstance(read_header(data), Header | HeaderProblem)


@given(
    st.sampled_from(sorted(VALID)),
    st.integers(0, 60),
    st.binary(min_size=1, max_size=12),
    st.integers(0, 400),
)
def test_no_damage_makes_it_raise(name: str, at: int, damage: bytes, length: int) -> None:
    data = bytearray(VALID[name][0])
    data[at : at + len(damage)] = damage
    assert isinstance(read_header(bytes(data[:length])), Header | HeaderProblem)
