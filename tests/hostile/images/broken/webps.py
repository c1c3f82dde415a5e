"""WebPs that break one rule each."""

from __future__ import annotations

import struct

from tests.hostile.images import blocks
from tests.hostile.images.sound import SIZE, sound_images

W, H = SIZE


def webps() -> dict[str, bytes]:
    lossy, lossless = sound_images()["webp"], sound_images()["webp lossless"]
    still = lossy[12:]
    moving = sound_images()["webp animated"]
    prefix = b"\x2f" + struct.pack("<I", (W - 1) | (H - 1) << 14)
    made = {
        "webp of its container only": blocks.webp(),
        "webp container of 0": blocks.webp(still, length=0),
        "webp container of 2^32-1": blocks.webp(still, length=2**32 - 1),
        "webp container of odd length": blocks.webp(still, length=len(still) + 3),
        "webp chunk of 2^32-1": blocks.webp(blocks.riff_chunk(b"VP8 ", still[8:], length=2**32 - 1)),
        "webp chunk of 0": blocks.webp(blocks.riff_chunk(b"VP8 ", still[8:], length=0)),
        "webp extended without a picture": blocks.webp(blocks.vp8x(W, H)),
        "webp extended twice": blocks.webp(blocks.vp8x(W, H), blocks.vp8x(W, H), still),
        "webp extended of other sides": blocks.webp(blocks.vp8x(W + 1, H), still),
        "webp extended of every flag": blocks.webp(blocks.vp8x(W, H, 0xFF), still),
        "webp alpha without a picture": blocks.webp(
            blocks.vp8x(W, H, 16), blocks.riff_chunk(b"ALPH", b"\1" * 60)
        ),
        "webp alpha of garbage": blocks.webp(
            blocks.vp8x(W, H, 16), blocks.riff_chunk(b"ALPH", b"\xff" * 60), still
        ),
        "webp animation without frames": blocks.webp(
            blocks.vp8x(W, H, 2), blocks.riff_chunk(b"ANIM", bytes(6))
        ),
        "webp animation without control": blocks.webp(
            blocks.vp8x(W, H, 2), blocks.riff_chunk(b"ANMF", bytes(16) + still)
        ),
        "webp frame of no picture": blocks.webp(
            blocks.vp8x(W, H, 2), blocks.riff_chunk(b"ANIM", bytes(6)), blocks.riff_chunk(b"ANMF", bytes(16))
        ),
        "webp frame within a frame": moving.replace(b"VP8 ", b"ANMF"),
        "webp profile of garbage": blocks.webp(
            blocks.vp8x(W, H, 32), blocks.riff_chunk(b"ICCP", b"garbage"), still
        ),
        "webp exif of garbage": blocks.webp(
            blocks.vp8x(W, H, 8), still, blocks.riff_chunk(b"EXIF", b"garbage")
        ),
        "webp picture twice": blocks.webp(still, still),
        "webp unknown chunk first": blocks.webp(blocks.riff_chunk(b"QQQQ", bytes(99)), still),
        "webp lossy of an odd start code": lossy.replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"),
        "webp lossy inner frame": lossy[:20] + bytes([lossy[20] | 1]) + lossy[21:],
        "webp lossy partition too long": lossy[:20] + b"\xf0\xff\xff" + lossy[23:],
        "webp lossless version 7": lossless[:24] + bytes([lossless[24] | 0xE0]) + lossless[25:],
        "webp lossless of no data": blocks.webp(blocks.riff_chunk(b"VP8L", prefix)),
        "webp lossless codes overfull": blocks.webp(blocks.riff_chunk(b"VP8L", prefix + b"\xff" * 400)),
        "webp lossless codes empty": blocks.webp(blocks.riff_chunk(b"VP8L", prefix + bytes(400))),
        "webp lossless cache of 11 bits": blocks.webp(
            blocks.riff_chunk(b"VP8L", prefix + b"\x16\x00" + bytes(400))
        ),
        "webp lossy of no width": lossy[:26] + b"\0\0" + lossy[28:],
    }
    # Tables of codes as deep as they go, like those that overran libwebp's in 2023 (CVE-2023-4863).
    for seed in range(24):
        deep = bytes((seed * 37 + n * n * 11 + n // 7) & 0xFF for n in range(700))
        made[f"webp lossless deep codes {seed}"] = blocks.webp(
            blocks.riff_chunk(b"VP8L", prefix + bytes([0x80 | seed]) + deep)
        )
    return made
