"""Whole images cut off at each of their structural points, and right beside them."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from tests.hostile.images.blocks import PNG_SIGNATURE
from tests.hostile.images.sound import sound_images


def points(data: bytes) -> list[int]:
    """Where a block of this file begins, and where its own body begins."""
    finders = {b"\xff\xd8": _jpeg, b"\x89P": _png, b"RI": _webp, b"GI": _gif, b"BM": _bmp}
    return sorted({at for at in finders[data[:2]](data) if 0 < at < len(data)})


def cuts() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every whole image, cut at, just before and just after each point."""
    for name, data in sound_images().items():
        for at in sorted({at + step for at in points(data) for step in (-1, 0, 1)} | {0, len(data) - 1}):
            yield f"{name} cut at {at}", data[:at]


def _jpeg(data: bytes) -> Iterator[int]:
    for found in re.finditer(rb"\xff[^\x00\xff]", data):
        yield from (found.start(), found.end(), found.end() + 2)


def _png(data: bytes) -> Iterator[int]:
    at = len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield from (at, at + 4, at + 8, at + 8 + length // 2, at + 8 + length)
        at += 12 + length


def _webp(data: bytes) -> Iterator[int]:
    at = 12
    yield at
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield from (at, at + 4, at + 8, at + 8 + length // 2)
        at += 8 + length + length % 2


def _gif(data: bytes) -> Iterator[int]:
    yield from (6, 10, 13)
    for found in re.finditer(rb"[!,;\x00]", data):
        if found.start() % 7 == 0 or found.start() < 900:  # there are many zero bytes in pixels
            yield found.start()


def _bmp(data: bytes) -> Iterator[int]:
    (start,) = struct.unpack_from("<I", data, 10)
    yield from (2, 10, 14, 18, 26, 30, 34, 54, start, (start + len(data)) // 2)
