"""Where each format keeps its width and height: pure functions over the first bytes of a file.

Each takes the whole file and answers `(width, height)`, or None where the header is cut short or makes no
sense. None of them raises on any bytes.
"""

from __future__ import annotations

import re
import struct

Size = tuple[int, int]

# Any number of FF may stand before a marker as filling; FF 00 is no marker (ITU-T T.81, B.1.1.2).
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# SOF0..SOF15 carry the size; C4, C8 and CC share the range but are tables (ITU-T T.81, table B.1).
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# TEM, RST0..7 and SOI stand alone; every other marker is followed by its length.
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_END_OF_HEADER = frozenset({0xD9, 0xDA})
# A phone's photo has some 20 segments, a large colour profile 255 more. Without a cap, 16 MiB of empty
# segments would hold a gateway thread for seconds.
_MOST_SEGMENTS = 4_096
# 16 MiB in pieces of 256 bytes; usual are 8 KiB and more. A million empty chunks take a decoder 5 seconds.
_MOST_CHUNKS = 65_536


def jpeg(data: bytes) -> Size | None:
    position = 2
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            return None
        marker, position = data[found.start() + 1], found.end()
        if marker in _END_OF_HEADER:
            return None
        if marker in _WITHOUT_LENGTH:
            continue
        segment = data[position : position + 7]
        if len(segment) < 7:
            return None
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", segment, 3)
            return width, height
        position += max(2, int.from_bytes(segment[:2], "big"))
    return None


def png(data: bytes) -> Size | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    position, end = 8, len(data) - 12
    for _ in range(_MOST_CHUNKS):
        if position > end:
            break
        position += 12 + int.from_bytes(data[position : position + 4], "big")
    else:
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def gif(data: bytes) -> Size | None:
    if len(data) < 10:
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def bmp(data: bytes) -> Size | None:
    if len(data) < 26:
        return None
    if int.from_bytes(data[14:18], "little") == 12:  # OS/2: 16-bit sides
        width, height = struct.unpack_from("<HH", data, 18)
        return width, height
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)  # a negative height means rows from top to bottom


def webp(data: bytes) -> Size | None:
    chunk = data[12:16]
    if chunk == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
