"""BMPs that break one rule each."""

from __future__ import annotations

from tests.hostile.images import blocks
from tests.hostile.images.sound import SIZE, sound_images

W, H = SIZE


def bmps() -> dict[str, bytes]:
    pixels = bytes(W * H * 3)
    sound = sound_images()["bmp"]
    made = {
        "bmp of two letters": b"BM",
        "bmp of zeros": b"BM" + bytes(60),
        "bmp offset 0": blocks.bmp(W, H, pixels=pixels, offset=0),
        "bmp offset in its header": blocks.bmp(W, H, pixels=pixels, offset=20),
        "bmp offset behind the file": blocks.bmp(W, H, pixels=pixels, offset=10**6),
        "bmp offset 2^32-1": blocks.bmp(W, H, pixels=pixels, offset=2**32 - 1),
        "bmp pixels cut off": sound[: len(sound) // 2],
        "bmp of no pixels": blocks.bmp(W, H),
        "bmp of no width": blocks.bmp(0, H, pixels=pixels),
        "bmp of no height": blocks.bmp(W, 0, pixels=pixels),
        "bmp of negative width": blocks.bmp(-W, H, pixels=pixels),
        "bmp of negative height in rle": blocks.bmp(W, -H, bits=8, compression=1, pixels=b"\1\1\0\1"),
        "bmp planes 0": blocks.bmp(W, H, pixels=pixels, planes=0),
        "bmp planes 65535": blocks.bmp(W, H, pixels=pixels, planes=65_535),
        "bmp colours 2^32-1": blocks.bmp(W, H, bits=8, pixels=pixels, colours=2**32 - 1),
        "bmp palette missing": blocks.bmp(W, H, bits=8, pixels=pixels),
        "bmp palette of 3 bytes": blocks.bmp(W, H, bits=8, pixels=pixels, palette=b"abc", colours=256),
        "bmp colours beyond its palette": blocks.bmp(
            W, H, bits=8, pixels=b"\xff" * W * H, palette=bytes(8), colours=2
        ),
        "bmp masks of 0": blocks.bmp(W, H, bits=16, compression=3, palette=bytes(12), pixels=pixels),
        "bmp masks that overlap": blocks.bmp(
            W, H, bits=32, compression=3, palette=b"\xff" * 12, pixels=pixels * 2
        ),
        "bmp masks cut off": blocks.bmp(W, H, bits=16, compression=3)[:58],
        "bmp rle of no end": blocks.bmp(
            W, H, bits=8, compression=1, palette=bytes(1024), pixels=b"\1\1" * 90
        ),
        "bmp rle beyond its rows": blocks.bmp(
            W, H, bits=8, compression=1, palette=bytes(1024), pixels=b"\xff\1" * 90 + b"\0\1"
        ),
        "bmp rle that jumps away": blocks.bmp(
            W, H, bits=8, compression=1, palette=bytes(1024), pixels=b"\0\2\xff\xff" * 90 + b"\0\1"
        ),
        "bmp rle literal cut off": blocks.bmp(
            W, H, bits=8, compression=1, palette=bytes(1024), pixels=b"\0\xffab"
        ),
        "bmp rle of 24 bits": blocks.bmp(W, H, bits=24, compression=1, pixels=pixels),
        "bmp rle4 of 8 bits": blocks.bmp(W, H, bits=8, compression=2, palette=bytes(1024), pixels=pixels),
        "bmp jpeg inside": blocks.bmp(W, H, bits=0, compression=4, pixels=sound_images()["jpeg"]),
        "bmp png inside": blocks.bmp(W, H, bits=0, compression=5, pixels=sound_images()["png"]),
    }
    for bits in (0, 2, 3, 5, 7, 12, 15, 17, 48, 64, 65_535):
        made[f"bmp of {bits} bits"] = blocks.bmp(W, H, bits=bits, pixels=pixels)
    for size in (0, 1, 11, 16, 39, 52, 56, 64, 108, 124, 2**31, 2**32 - 1):
        made[f"bmp header of {size} bytes"] = blocks.bmp(W, H, pixels=pixels, header_size=size)
    for compression in (6, 11, 255, 2**32 - 1):
        made[f"bmp compression {compression}"] = blocks.bmp(W, H, pixels=pixels, compression=compression)
    return made
