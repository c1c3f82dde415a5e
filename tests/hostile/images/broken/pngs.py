"""PNGs that break one rule each; the first are those of PngSuite."""

from __future__ import annotations

import struct
import zlib

from tests.hostile.images import blocks
from tests.hostile.images.sound import SIZE, sound_images

W, H = SIZE


def _grey(
    *chunks: bytes, depth: int = 8, colour: int = 0, interlace: int = 0, size: tuple[int, int] = SIZE
) -> bytes:
    return blocks.png(blocks.ihdr(*size, depth=depth, colour=colour, interlace=interlace), *chunks)


def pngs() -> dict[str, bytes]:
    sound = sound_images()["png grey"]
    rows = bytes((W + 1) * H)
    packed = zlib.compress(rows)
    idat = blocks.png_chunk(b"IDAT", packed)
    plte = blocks.png_chunk(b"PLTE", bytes(768))
    return {
        # PngSuite's x*: signatures and headers
        "png signature, first byte": b"\x88" + sound[1:],
        "png signature, high bit lost": b"\x09" + sound[1:],
        "png with its line ends changed": sound.replace(b"\r\n", b"\n"),
        "png with line ends doubled": sound.replace(b"\n", b"\r\n"),
        "png header checksum": blocks.png(blocks.ihdr(W, H, colour=0)[:-4] + b"\0\0\0\0", idat),
        "png pixels checksum": _grey(blocks.png_chunk(b"IDAT", packed, crc=0)),
        "png without pixels": _grey(),
        "png colour type 1": _grey(idat, colour=1),
        "png colour type 9": _grey(idat, colour=9),
        "png depth 0": _grey(idat, depth=0),
        "png depth 3": _grey(idat, depth=3),
        "png depth 99": _grey(idat, depth=99),
        "png rgb of 1 bit": _grey(idat, depth=1, colour=2),
        "png palette of 16 bits": _grey(plte, idat, depth=16, colour=3),
        "png interlace 7": _grey(idat, interlace=7),
        "png of no width": _grey(idat, size=(0, H)),
        "png of no height": _grey(idat, size=(W, 0)),
        "png header twice": _grey(blocks.ihdr(W, H, colour=0), idat),
        "png header short": blocks.png(blocks.png_chunk(b"IHDR", struct.pack(">II", W, H)), idat),
        "png pixels before the header": blocks.png(idat, blocks.ihdr(W, H, colour=0)),
        # palettes and transparency
        "png palette missing": _grey(idat, colour=3),
        "png palette empty": _grey(blocks.png_chunk(b"PLTE", b""), idat, colour=3),
        "png palette of 700 colours": _grey(blocks.png_chunk(b"PLTE", bytes(2_100)), idat, colour=3),
        "png palette not in threes": _grey(blocks.png_chunk(b"PLTE", bytes(5)), idat, colour=3),
        "png index beyond its palette": _grey(
            blocks.png_chunk(b"PLTE", bytes(6)),
            blocks.png_chunk(b"IDAT", zlib.compress(b"\0".join([b"\xff" * W] * H))),
            colour=3,
        ),
        "png transparency before its palette": _grey(
            blocks.png_chunk(b"tRNS", b"\0" * 300), plte, idat, colour=3
        ),
        "png transparency of the wrong length": _grey(blocks.png_chunk(b"tRNS", b"\1"), idat),
        # pixels
        "png filter 9": _grey(blocks.png_chunk(b"IDAT", zlib.compress((b"\x09" + bytes(W)) * H))),
        "png too few rows": _grey(blocks.png_chunk(b"IDAT", zlib.compress(bytes(W + 1)))),
        "png pixels in chunks of no bytes": _grey(*[blocks.png_chunk(b"IDAT", b"")] * 50, idat),
        "png pixels one byte at a time": _grey(
            *[blocks.png_chunk(b"IDAT", bytes([byte])) for byte in packed]
        ),
        "png pixels interrupted by text": _grey(
            blocks.png_chunk(b"IDAT", packed[:9]),
            blocks.png_chunk(b"tEXt", b"a\0b"),
            blocks.png_chunk(b"IDAT", packed[9:]),
        ),
        "png raw pixels": _grey(blocks.png_chunk(b"IDAT", rows)),
        "png zlib window too large": _grey(blocks.png_chunk(b"IDAT", b"\xf8" + packed[1:])),
        "png zlib dictionary": _grey(blocks.png_chunk(b"IDAT", b"\x78\xbb" + packed[2:])),
        "png zlib sum": _grey(blocks.png_chunk(b"IDAT", packed[:-4] + b"\0\0\0\0")),
        "png deflate reserved block": _grey(blocks.png_chunk(b"IDAT", b"\x78\x9c\xff\xff")),
        "png apple": blocks.png(
            blocks.png_chunk(b"CgBI", b"\x50\0\x20\2"), blocks.ihdr(W, H, colour=6), idat
        ),
        # lengths
        "png chunk of 2^31 bytes": blocks.PNG_SIGNATURE
        + blocks.ihdr(W, H)
        + blocks.png_chunk(b"IDAT", packed, length=2**31),
        "png chunk of 2^32-1 bytes": blocks.PNG_SIGNATURE
        + blocks.ihdr(W, H)
        + blocks.png_chunk(b"IDAT", packed, length=2**32 - 1),
        "png chunk shorter than it says": _grey(blocks.png_chunk(b"tEXt", b"a\0b", length=900), idat),
        "png chunk longer than it says": _grey(blocks.png_chunk(b"tEXt", b"a\0bcdefg", length=2), idat),
        "png chunk named in no letters": _grey(blocks.png_chunk(b"\0\xff\n!", b"x"), idat),
        "png critical chunk nobody knows": _grey(blocks.png_chunk(b"QQQQ", b"x"), idat),
        "png without an end": sound[:-12],
        # metadata
        "png profile of no bytes": _grey(blocks.png_chunk(b"iCCP", b""), idat),
        "png profile not packed": _grey(blocks.png_chunk(b"iCCP", b"a\0\0garbage"), idat),
        "png profile packed by method 9": _grey(blocks.png_chunk(b"iCCP", b"a\0\x09" + packed), idat),
        "png gamma of 0": _grey(blocks.png_chunk(b"gAMA", bytes(4)), idat),
        "png gamma of 1 byte": _grey(blocks.png_chunk(b"gAMA", b"\1"), idat),
        "png chromaticities of 2^32": _grey(blocks.png_chunk(b"cHRM", b"\xff" * 32), idat),
        "png physical size of 0": _grey(blocks.png_chunk(b"pHYs", bytes(9)), idat),
        "png physical size short": _grey(blocks.png_chunk(b"pHYs", b"\0"), idat),
        "png exif of garbage": _grey(blocks.png_chunk(b"eXIf", b"garbage"), idat),
        "png text without a key": _grey(blocks.png_chunk(b"tEXt", b"x" * 200), idat),
        "png text packed wrongly": _grey(blocks.png_chunk(b"zTXt", b"a\0\0garbage"), idat),
        "png international text cut off": _grey(blocks.png_chunk(b"iTXt", b"a\0\1"), idat),
        "png animation of no frames": _grey(blocks.png_chunk(b"acTL", bytes(8)), idat),
        "png animation control short": _grey(blocks.png_chunk(b"acTL", b"\0"), idat),
        "png frame control out of order": _grey(
            blocks.png_chunk(b"acTL", struct.pack(">II", 2, 0)),
            blocks.png_chunk(b"fcTL", struct.pack(">I", 9) + bytes(22)),
            idat,
        ),
        "png frame data without control": _grey(
            blocks.png_chunk(b"acTL", struct.pack(">II", 2, 0)), blocks.png_chunk(b"fdAT", b"\0"), idat
        ),
    }
