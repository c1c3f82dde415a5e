"""Small files that claim, or unpack to, far more than they are: each with the codes it may end with.

The header tells of some; the decoder's own limits, the address space and the processor's time stop the rest.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.hostile.images import blocks
from tests.hostile.images.sound import encoded, picture, sound_images

MIB: Final = 2**20


@dataclass(frozen=True)
class Bomb:
    """`codes` are those it may be refused with; empty: it is harmless and decoded as its first frame.

    `header`: the code comes from the header alone, so the gateway refuses it unread.
    """

    data: bytes
    codes: tuple[str, ...] = ()
    header: bool = False


def _jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8" + blocks.segment(0xDB, bytes(65)) + blocks.frame_header(width, height)


def _png(width: int, height: int) -> bytes:
    return blocks.png(blocks.ihdr(width, height, colour=6), blocks.png_chunk(b"IDAT", zlib.compress(b"")))


def _webp_lossless(width: int, height: int) -> bytes:
    """38 bytes that say: one colour everywhere."""
    bits = (width - 1) | (height - 1) << 14
    return blocks.webp(
        blocks.riff_chunk(
            b"VP8L", b"\x2f" + struct.pack("<I", bits) + b"\x10\x88\x88\x08\xff\xff\xff\xff\xff\x03"
        )
    )


def _gif(width: int, height: int) -> bytes:
    return blocks.gif_screen(width, height) + blocks.gif_frame(width, height) + b";"


def _claims() -> dict[str, Bomb]:
    """Every format, every limit: what a header tells."""
    sizes = {
        "too_many_pixels": (11_000, 11_000),
        "side_too_long": (12_500, 1_000),
        "aspect_ratio": (12_000, 3),
    }
    makers = {"jpeg": _jpeg, "png": _png, "webp": _webp_lossless, "gif": _gif, "bmp": blocks.bmp}
    claims = {
        f"{format} of {width} x {height}": Bomb(make(width, height), (code,), header=True)
        for format, make in makers.items()
        for code, (width, height) in sizes.items()
    }
    most = {"jpeg": 65_535, "png": 2**31 - 1, "gif": 65_535, "bmp": 2**31 - 1, "webp": 16_384}
    for format, side in most.items():
        claims[f"{format} of {side} x {side}"] = Bomb(
            makers[format](side, side), ("too_many_pixels",), header=True
        )
    claims["jpeg of 59424 x 3"] = Bomb(_jpeg(59_424, 3), ("aspect_ratio",), header=True)
    claims["webp canvas of 16777216 x 16777216"] = Bomb(
        blocks.webp(blocks.vp8x(2**24, 2**24)), ("too_many_pixels",), header=True
    )
    claims["bmp of -2147483648 rows"] = Bomb(blocks.bmp(2**31 - 1, -(2**31)), ("too_many_pixels",), True)
    return claims


def _hidden_sizes() -> dict[str, Bomb]:
    """A harmless header, and something larger behind it."""
    larger = ("undecodable", "too_many_pixels", "side_too_long")
    small_first = b"\xff\xd8" + blocks.frame_header(60, 40) + blocks.frame_header(60_000, 60_000)
    moving = sound_images()["webp animated"]
    frame_at = moving.index(b"ANMF")
    wide = moving[: frame_at + 14] + b"\xff\xff\xff\xff\xff\xff" + moving[frame_at + 20 :]
    inner = blocks.riff_chunk(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383))
    control = blocks.png_chunk(b"acTL", struct.pack(">II", 2, 0))
    big_frame = blocks.png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 2**30, 2**30, 0, 0, 1, 1, 0, 0))
    return {
        "gif frame of 6000 x 6000 on a screen of 10 x 10": Bomb(
            blocks.gif_screen(10, 10) + blocks.gif_frame(6_000, 6_000) + b";", larger
        ),
        "gif frame of 65535 x 65535": Bomb(
            blocks.gif_screen(10, 10) + blocks.gif_frame(65_535, 65_535) + b";", larger
        ),
        "gif frame far off its screen": Bomb(
            blocks.gif_screen(10, 10) + blocks.gif_frame(50, 50, left=65_000, top=65_000) + b";", larger
        ),
        "jpeg with a second frame header": Bomb(small_first, larger),
        "png with a second header": Bomb(
            blocks.png(blocks.ihdr(60, 40), blocks.ihdr(30_000, 30_000)), larger
        ),
        "png animation frame of 2^30 x 2^30": Bomb(blocks.grey_png(60, 40, control, big_frame), larger),
        "webp animation frame larger than its canvas": Bomb(wide, larger),
        "webp picture larger than its canvas": Bomb(blocks.webp(blocks.vp8x(60, 40), inner), larger),
    }


def _unpacking() -> dict[str, Bomb]:
    """Text, profiles and pixels a thousandth as long as what they hold."""
    packed = zlib.compress(bytes(64 * MIB), 9)
    text = {
        "zTXt": b"a\0\0" + packed,
        "iTXt": b"a\0\1\0\0\0" + packed,
        "iCCP": b"a\0\0" + packed,
    }
    bombs = {
        f"png {kind} of 64 MiB": Bomb(
            blocks.grey_png(60, 40, blocks.png_chunk(kind.encode(), body)), ("undecodable",)
        )
        for kind, body in text.items()
    }
    many = blocks.png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MIB - 1), 9)) * 1_000
    bombs["png zTXt of 1 MiB a thousand times"] = Bomb(blocks.grey_png(60, 40, many), ("undecodable",))
    bombs["png text of 15 MiB as it is"] = Bomb(
        blocks.grey_png(60, 40, blocks.png_chunk(b"tEXt", b"a\0" + b"x" * (15 * MIB))), ("undecodable",)
    )
    bombs["png 64 MiB behind its last row"] = Bomb(
        blocks.png(blocks.ihdr(60, 40, colour=0), blocks.png_chunk(b"IDAT", packed))
    )
    bombs["png of a million empty chunks"] = Bomb(
        blocks.grey_png(60, 40, blocks.png_chunk(b"teSt", b"") * 1_000_000), ("undecodable", "decode_timeout")
    )
    bombs["jpeg with a profile in 255 parts"] = Bomb(
        encoded(picture(), "JPEG", icc_profile=bytes(255 * 65_000))
    )
    bombs["jpeg with 15 MiB of comments"] = Bomb(
        b"\xff\xd8" + blocks.segment(0xFE, b"x" * 65_533) * 240 + encoded(picture(), "JPEG")[2:]
    )
    return bombs


def _frames() -> dict[str, Bomb]:
    """Animations: only the first frame is anybody's business."""
    tiny = blocks.gif_frame(16, 16, data=b"\2\2\x44\1\0")
    screen = blocks.gif_screen(16, 16, 0x80) + b"\0\0\0\xff\xff\xff"
    still = sound_images()["webp lossless"][12:]
    frame = blocks.riff_chunk(b"ANMF", bytes(6) + b"\x2f\0\0\x23\0\0" + b"\1\0\0\0" + still)
    control = blocks.png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    moving = blocks.vp8x(48, 36, 2) + blocks.riff_chunk(b"ANIM", bytes(6)) + frame * 2_000
    return {
        "gif of 100,000 frames": Bomb(screen + tiny * 100_000 + b";", ("undecodable",)),
        "gif whose first frame never comes": Bomb(
            screen + b"!\xfe" + (b"\xff" + b"x" * 255) * 40_000, ("undecodable",)
        ),
        "webp of 2,000 frames": Bomb(blocks.webp(moving)),
        "png that announces 2^31 frames": Bomb(blocks.grey_png(60, 40, control)),
        "jpeg multi-picture index that lies": Bomb(
            encoded(picture(), "JPEG")[:2]
            + blocks.segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\x7f\xff" + b"\xff" * 400)
            + encoded(picture(), "JPEG")[2:]
        ),
    }


def endless_scans(side: int = 8_000) -> bytes:
    """A progressive JPEG of 90 kB that visits each of its million blocks ten thousand times (LJT-01-004)."""
    table = blocks.segment(0xC4, b"\0" + bytes([1]) + bytes(15) + b"\0")  # one code: "no difference"
    ac = blocks.segment(0xC4, b"\x10" + bytes([1]) + bytes(15) + b"\xe0")  # one code: "nothing for long"
    quantisation = blocks.segment(0xDB, b"\0" + b"\1" * 64)
    scan = blocks.segment(0xDA, bytes([1, 1, 0, 1, 63, 0]))
    first = blocks.segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + b"\0" * 100
    header = blocks.frame_header(side, side, progressive=True)
    return b"\xff\xd8" + quantisation + header + table + ac + first + scan * 10_000 + b"\xff\xd9"


def _exif() -> dict[str, Bomb]:
    """Directories that point at themselves, or claim four billion values."""
    loop = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08"
    count = (
        b"Exif\0\0MM\0*\0\0\0\x08\0\2\1\x12\0\3\xff\xff\xff\xff\0\0\0\x08\1\x0f\0\2\xff\xff\xff\xff\0\0\0\x10"
    )
    many = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 0x112, 3, 1, 6) * 5_000
    named = {"that points at itself": loop, "of four billion values": count, "of 65,535 entries": many}
    body = encoded(picture(), "JPEG")
    return {
        f"jpeg exif {name}": Bomb(body[:2] + blocks.segment(0xE1, exif) + body[2:])
        for name, exif in named.items()
    }


@cache
def bombs() -> dict[str, Bomb]:
    return {**_claims(), **_hidden_sizes(), **_unpacking(), **_frames(), **_exif()}
