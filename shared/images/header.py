"""What an image is and how large, read from its first bytes: never from its name, never by decoding it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.images import dimensions
from shared.images.limits import ImageLimits

ACCEPTED: Final = "JPEG, PNG, WebP, GIF or BMP"
DEFAULT_LIMITS: Final = ImageLimits()


@dataclass(frozen=True)
class Header:
    """`format` is JPEG, PNG, WEBP, GIF or BMP; the size is the stored one, before any EXIF rotation."""

    format: str
    width: int
    height: int


@dataclass(frozen=True)
class HeaderProblem:
    """Why an image is refused unread.

    `code` is one of unsupported_format (415), empty_image, too_many_pixels, side_too_long, aspect_ratio and
    undecodable (422); `detail` tells the sender what to do; the numbers are there where a limit was missed.
    """

    code: str
    detail: str
    measured: float | None = None
    threshold: float | None = None


def read_header(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Header | HeaderProblem:
    """The header of an image file, or why it is refused. Never raises, whatever the bytes."""
    if not data:
        return HeaderProblem("empty_image", "The image has no bytes. Send the file itself.")
    format = _format(data)
    if format is None:
        return HeaderProblem("unsupported_format", _unsupported(data))
    size = _SIZE[format](data)
    if size is None:
        return HeaderProblem("undecodable", f"The {format} header is cut short or damaged. Send it again.")
    header = Header(format, *size)
    return check_limits(header, limits) or header


def check_limits(header: Header, limits: ImageLimits) -> HeaderProblem | None:
    """The first limit that `header` breaks, or None."""
    short, long = sorted((header.width, header.height))
    if short <= 0:
        return HeaderProblem("empty_image", f"The image has {header.width} x {header.height} pixels.")
    most = limits.max_pixels_of(header.format)
    if short * long > most:
        detail = f"{short * long:,} pixels; of a {header.format} at most {most:,} are read. Reduce the image."
        return HeaderProblem("too_many_pixels", detail, short * long, most)
    if long > limits.max_aspect * short:
        detail = (
            f"The sides are 1:{long / short:.1f}; at most 1:{limits.max_aspect:g} is read. Crop the image."
        )
        return HeaderProblem("aspect_ratio", detail, long / short, limits.max_aspect)
    if long > limits.max_side:
        detail = (
            f"The longer side has {long:,} pixels, at most {limits.max_side:,} are read. Reduce the image."
        )
        return HeaderProblem("side_too_long", detail, long, limits.max_side)
    return None


_SIZE: Final[dict[str, Callable[[bytes], dimensions.Size | None]]] = {
    "JPEG": dimensions.jpeg,
    "PNG": dimensions.png,
    "WEBP": dimensions.webp,
    "GIF": dimensions.gif,
    "BMP": dimensions.bmp,
}

_BRANDS: Final = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
}


def _format(data: bytes) -> str | None:
    if data[:3] == b"\xff\xd8\xff":  # a multi-picture JPEG begins the same and is read as one JPEG
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:2] == b"BM":
        return "BMP"
    return None


def _unsupported(data: bytes) -> str:
    brand = _BRANDS.get(data[8:12]) if data[4:8] == b"ftyp" else None
    if brand == "HEIC":
        return (
            "HEIC is not read here. Send the photo as JPEG: on an iPhone choose Settings > Camera > Formats "
            "> Most Compatible, or export it as JPEG."
        )
    if brand == "AVIF":
        return "AVIF is not read here. Export the image as JPEG and send that."
    return f"The bytes are no image that is read here. Send {ACCEPTED}."
