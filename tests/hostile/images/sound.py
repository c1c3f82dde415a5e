"""Whole images in every mode and variant of the five formats: what a mutation begins with.

Small, so that thousands are decoded in seconds, and each side long enough not to be refused for its size.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from PIL import Image, ImageCms, PngImagePlugin

from tests.hostile.images import blocks
from tests.integration.pictures import scene

SIZE: Final = (48, 36)


def picture() -> Image.Image:
    """RGB with noise, so that no encoder gets away with one flat block."""
    noise = random.Random(5).randbytes(SIZE[0] * SIZE[1] * 3)
    return Image.blend(scene(SIZE), Image.frombytes("RGB", SIZE, noise), 0.2)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def _alpha() -> Image.Image:
    image = picture().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(SIZE))
    return image


def _frames() -> dict[str, Any]:
    others = [picture().rotate(90 * n) for n in (1, 2)]
    return {"save_all": True, "append_images": others, "duration": 40}


def _exif() -> bytes:
    tags = Image.Exif()
    tags[0x0112] = 6
    tags[0x010F] = "maker"
    return tags.tobytes()


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))  # so that it is followed


def _texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "plain")
    info.add_text("Comment", "packed " * 20, zip=True)
    info.add_itxt("Note", "国际" * 20, "zh", "注", zip=True)
    return info


def _jpegs() -> dict[str, bytes]:
    rgb = picture()
    return {
        "jpeg": encoded(rgb, "JPEG"),
        "jpeg 4:4:4": encoded(rgb, "JPEG", subsampling=0, quality=95),
        "jpeg grey": encoded(rgb.convert("L"), "JPEG"),
        "jpeg cmyk": encoded(rgb.convert("CMYK"), "JPEG"),
        "jpeg progressive": encoded(rgb, "JPEG", progressive=True),
        "jpeg progressive cmyk": encoded(rgb.convert("CMYK"), "JPEG", progressive=True),
        "jpeg restarts": encoded(rgb, "JPEG", restart_marker_blocks=2),
        "jpeg metadata": encoded(rgb, "JPEG", exif=_exif(), icc_profile=_profile(), comment=b"words"),
        "jpeg multi-picture": encoded(rgb, "MPO", **_frames()),
    }


def _sixteen_bit_rgb_png() -> bytes:
    wide = b"".join(bytes([value, value]) for value in picture().tobytes())
    row = SIZE[0] * 6
    lines = b"".join(b"\0" + wide[at : at + row] for at in range(0, len(wide), row))
    return blocks.png(blocks.ihdr(*SIZE, depth=16), blocks.png_chunk(b"IDAT", zlib.compress(lines)))


# x start, y start, x step, y step of each pass (PNG, 8.2)
_ADAM7: Final = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


def _interlaced_png() -> bytes:
    image = picture()
    width, height = SIZE
    lines = bytearray()
    for x0, y0, dx, dy in _ADAM7:
        for y in range(y0, height, dy):
            lines += b"\0"
            for x in range(x0, width, dx):
                lines += bytes(image.getpixel((x, y)))  # type: ignore[arg-type]  # RGB: three numbers
    return blocks.png(blocks.ihdr(*SIZE, interlace=1), blocks.png_chunk(b"IDAT", zlib.compress(bytes(lines))))


def _pngs() -> dict[str, bytes]:
    rgb = picture()
    grey16 = Image.frombytes("I;16", SIZE, random.Random(6).randbytes(SIZE[0] * SIZE[1] * 2))
    return {
        "png": encoded(rgb, "PNG"),
        "png grey": encoded(rgb.convert("L"), "PNG"),
        "png one bit": encoded(rgb.convert("1"), "PNG"),
        "png two bits": encoded(rgb.quantize(4), "PNG", bits=2),
        "png palette": encoded(rgb.quantize(64), "PNG"),
        "png palette keyed": encoded(rgb.quantize(16), "PNG", transparency=3),
        "png rgb keyed": encoded(rgb, "PNG", transparency=rgb.getpixel((0, 0))),
        "png grey alpha": encoded(_alpha().convert("LA"), "PNG"),
        "png alpha": encoded(_alpha(), "PNG"),
        "png 16-bit grey": encoded(grey16, "PNG"),
        "png 16-bit rgb": _sixteen_bit_rgb_png(),
        "png interlaced": _interlaced_png(),
        "png animated": encoded(rgb, "PNG", **_frames()),
        "png metadata": encoded(rgb, "PNG", pnginfo=_texts(), exif=_exif(), icc_profile=_profile()),
    }


def _webps() -> dict[str, bytes]:
    rgb = picture()
    return {
        "webp": encoded(rgb, "WEBP"),
        "webp lossless": encoded(rgb, "WEBP", lossless=True),
        "webp alpha": encoded(_alpha(), "WEBP"),
        "webp lossless alpha": encoded(_alpha(), "WEBP", lossless=True),
        "webp animated": encoded(rgb, "WEBP", **_frames()),
        "webp metadata": encoded(rgb, "WEBP", exif=_exif(), icc_profile=_profile(), xmp=b"<x/>"),
    }


def _gifs() -> dict[str, bytes]:
    rgb = picture()
    return {
        "gif": encoded(rgb, "GIF", interlace=0),
        "gif interlaced": encoded(rgb, "GIF", interlace=1),
        "gif transparent": encoded(_alpha(), "GIF"),
        "gif grey": encoded(rgb.convert("L"), "GIF"),
        "gif animated": encoded(rgb, "GIF", **_frames(), disposal=2),
        "gif comment": encoded(rgb, "GIF", comment=b"words " * 60),
    }


def _rle8(literal: bool) -> bytes:
    """A BMP of 8 bits and run lengths, or of literal runs, rows from bottom to top."""
    image = picture().quantize(64)
    width, height = SIZE
    rows = [image.tobytes()[y * width : (y + 1) * width] for y in reversed(range(height))]
    coded = bytearray()
    for row in rows:
        if literal:
            coded += b"\0" + bytes([width]) + row + b"\0" * (width % 2)
        else:
            for value in row:
                coded += bytes([1, value])
        coded += b"\0\0"
    palette = bytes(
        part
        for n in range(64)
        for part in (*image.getpalette()[3 * n : 3 * n + 3][::-1], 0)  # type: ignore[index]
    )
    return blocks.bmp(
        width,
        height,
        bits=8,
        compression=1,
        palette=palette,
        pixels=bytes(coded) + b"\0\1",
        colours=64,
    )


def _rle4() -> bytes:
    width, height = SIZE
    rows = b"".join(bytes([width, 16 * (y % 16) + x]) + b"\0\0" for y in range(height) for x in [y % 7])
    palette = bytes(part for n in range(16) for part in (n * 16, 255 - n * 16, 80, 0))
    return blocks.bmp(
        width, height, bits=4, compression=2, palette=palette, pixels=rows + b"\0\1", colours=16
    )


def _bmp_565() -> bytes:
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    pixels = random.Random(7).randbytes(SIZE[0] * SIZE[1] * 2)
    return blocks.bmp(*SIZE, bits=16, compression=3, palette=masks, pixels=pixels)


def _bmps() -> dict[str, bytes]:
    rgb = picture()
    upside = bytearray(encoded(rgb, "BMP"))
    upside[22:26] = struct.pack("<i", -SIZE[1])
    os2 = b"BM" + struct.pack("<IHHI", 26 + len(rgb.tobytes()), 0, 0, 26)
    os2 += struct.pack("<IHHHH", 12, *SIZE, 1, 24) + rgb.tobytes()
    return {
        "bmp": encoded(rgb, "BMP"),
        "bmp alpha": encoded(_alpha(), "BMP"),
        "bmp grey": encoded(rgb.convert("L"), "BMP"),
        "bmp one bit": encoded(rgb.convert("1"), "BMP"),
        "bmp palette": encoded(rgb.quantize(16), "BMP"),
        "bmp top-down": bytes(upside),
        "bmp os/2": os2,
        "bmp 5-6-5": _bmp_565(),
        "bmp rle8": _rle8(literal=False),
        "bmp rle8 literal": _rle8(literal=True),
        "bmp rle4": _rle4(),
    }


@cache
def sound_images() -> dict[str, bytes]:
    """Name to bytes; the name begins with the format."""
    makers: list[Callable[[], dict[str, bytes]]] = [_jpegs, _pngs, _webps, _gifs, _bmps]
    return {name: data for make in makers for name, data in make().items()}
