"""The blocks that image files are built of, so that broken ones can be built too."""

from __future__ import annotations

import struct
import zlib
from typing import Final

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, body: bytes, *, length: int | None = None, crc: int | None = None) -> bytes:
    """A chunk with its own length and CRC, or with the lies given."""
    size = len(body) if length is None else length
    check = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", size) + kind + body + struct.pack(">I", check)


def ihdr(width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """`colour`: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA (PNG, 11.2.1)."""
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(*chunks: bytes) -> bytes:
    return PNG_SIGNATURE + b"".join(chunks) + png_chunk(b"IEND", b"")


def grey_png(width: int, height: int, *before_pixels: bytes) -> bytes:
    """A sound 8-bit grey PNG of one shade, with other chunks before its pixels."""
    pixels = zlib.compress(bytes((width + 1) * height))
    return png(ihdr(width, height, colour=0), *before_pixels, png_chunk(b"IDAT", pixels))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of each chunk of a sound PNG."""
    found, at = [], len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def riff_chunk(kind: bytes, body: bytes, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return kind + struct.pack("<I", size) + body + b"\0" * (len(body) % 2)


def webp(*chunks: bytes, length: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if length is None else length) + body


def vp8x(width: int, height: int, flags: int = 0) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", struct.pack("<I", flags) + sides)


def segment(marker: int, body: bytes, *, length: int | None = None) -> bytes:
    """A JPEG segment; its length counts itself."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2 if length is None else length) + body


def frame_header(width: int, height: int, *, components: int = 1, progressive: bool = False) -> bytes:
    """SOF0 or SOF2, no subsampling, one quantisation table."""
    parts = b"".join(bytes([n + 1, 0x11, 0]) for n in range(components))
    return segment(0xC2 if progressive else 0xC0, struct.pack(">BHHB", 8, height, width, components) + parts)


def gif_screen(width: int, height: int, flags: int = 0, version: bytes = b"89a") -> bytes:
    return b"GIF" + version + struct.pack("<HHBBB", width, height, flags, 0, 0)


def gif_frame(width: int, height: int, *, left: int = 0, top: int = 0, data: bytes = b"\2\1\0\0") -> bytes:
    """An image descriptor and its LZW data: code size, sub-blocks."""
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + data


def bmp(
    width: int,
    height: int,
    *,
    bits: int = 24,
    compression: int = 0,
    pixels: bytes = b"",
    palette: bytes = b"",
    offset: int | None = None,
    header_size: int = 40,
    colours: int = 0,
    planes: int = 1,
) -> bytes:
    """A BITMAPINFOHEADER file with whatever its fields claim."""
    start = 14 + 40 + len(palette) if offset is None else offset
    info = struct.pack(
        "<IiiHHIIiiII", header_size, width, height, planes, bits, compression, len(pixels), 0, 0, colours, 0
    )
    size = 14 + len(info) + len(palette) + len(pixels)
    return b"BM" + struct.pack("<IHHI", size & 0xFFFFFFFF, 0, 0, start & 0xFFFFFFFF) + info + palette + pixels
