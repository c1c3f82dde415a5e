"""JPEGs that break one rule each."""

from __future__ import annotations

from tests.hostile.images import blocks
from tests.hostile.images.sound import sound_images


def _swapped(data: bytes, marker: int, **values: int) -> bytes:
    """The JPEG with bytes of its first segment of this kind replaced: `at3=7` sets the fourth of its body."""
    at = data.index(bytes([0xFF, marker])) + 4
    changed = bytearray(data)
    for name, value in values.items():
        changed[at + int(name.removeprefix("at"))] = value
    return bytes(changed)


def _without(data: bytes, marker: int) -> bytes:
    """The JPEG without its segments of this kind."""
    while (at := data.find(bytes([0xFF, marker]))) >= 0 and marker != 0xD9:
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    return data if marker != 0xD9 else data[:-2]


def jpegs() -> dict[str, bytes]:
    sound, colour = sound_images()["jpeg grey"], sound_images()["jpeg 4:4:4"]
    frame = colour.index(b"\xff\xc0")
    scan = colour.index(b"\xff\xda")
    made = {
        "jpeg of a start only": b"\xff\xd8\xff",
        "jpeg start and end": b"\xff\xd8\xff\xd9",
        "jpeg without an end": _without(sound, 0xD9),
        "jpeg without quantisation": _without(colour, 0xDB),
        "jpeg without huffman tables": _without(colour, 0xC4),
        "jpeg without a frame": colour[:frame] + colour[frame + 19 :],
        "jpeg without a scan": colour[:scan],
        "jpeg scan before its frame": colour[:frame] + colour[scan:],
        "jpeg frame twice": colour[:frame] + colour[frame : frame + 19] + colour[frame:],
        "jpeg of two scans": colour + colour[scan:],
        "jpeg huffman table overfull": _swapped(colour, 0xC4, **{f"at{n}": 255 for n in range(1, 17)}),
        "jpeg huffman table 7": _swapped(colour, 0xC4, at0=0x77),
        "jpeg quantisation of zeros": _swapped(colour, 0xDB, **{f"at{n}": 0 for n in range(1, 64)}),
        "jpeg quantisation table 9": _swapped(colour, 0xDB, at0=0x09),
        "jpeg 16-bit quantisation in 8 bits": _swapped(colour, 0xDB, at0=0x10),
        "jpeg restarts that never come": sound[:2] + blocks.segment(0xDD, b"\0\1") + sound[2:],
        "jpeg restarts out of order": sound_images()["jpeg restarts"].replace(b"\xff\xd1", b"\xff\xd6"),
        "jpeg segment of no length": sound[:2] + b"\xff\xe0\0\0" + sound[2:],
        "jpeg segment of length 1": sound[:2] + b"\xff\xe0\0\1" + sound[2:],
        "jpeg segment longer than the file": sound[:2] + b"\xff\xe0\xff\xff" + sound[2:],
        "jpeg of stray bytes between segments": sound[:2] + b"stray" + sound[2:],
        "jpeg end before the scan": colour[:scan] + b"\xff\xd9" + colour[scan:],
        "jpeg scan of noughts": colour[: scan + 14] + bytes(4_000),
        "jpeg scan of ones": colour[: scan + 14] + b"\xff\0" * 2_000,
        "jpeg scan cut and ended": colour[: scan + 40] + b"\xff\xd9",
        "jpeg adobe transform 9": sound[:2] + blocks.segment(0xEE, b"Adobe\0d\0\0\0\0\x09") + sound[2:],
        "jpeg adobe segment short": sound[:2] + blocks.segment(0xEE, b"Adobe") + sound[2:],
        "jpeg jfif density of 0": _swapped(sound, 0xE0, at8=0, at9=0, at10=0, at11=0),
        "jpeg jfif thumbnail that is not there": _swapped(sound, 0xE0, at12=255, at13=255),
        "jpeg profile part 9 of 2": sound[:2] + blocks.segment(0xE2, b"ICC_PROFILE\0\x09\x02abc") + sound[2:],
        "jpeg photoshop block cut off": sound[:2]
        + blocks.segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04")
        + sound[2:],
        "jpeg exif without a header": sound[:2] + blocks.segment(0xE1, b"Exif\0\0") + sound[2:],
        "jpeg lines defined late": colour + blocks.segment(0xDC, b"\0\1"),
    }
    for marker, kind in (
        (0xC1, "extended"),
        (0xC3, "lossless"),
        (0xC9, "arithmetic"),
        (0xCB, "lossless arithmetic"),
        (0xC5, "differential"),
        (0xF7, "jpeg-ls"),
        (0xC8, "extension"),
    ):
        made[f"jpeg {kind}"] = colour[: frame + 1] + bytes([marker]) + colour[frame + 2 :]
    for place, what in (
        (0, "precision"),
        (5, "components"),
        (7, "sampling"),
        (8, "quantiser"),
        (6, "component id"),
    ):
        for value in (0, 1, 2, 3, 4, 12, 255):
            made[f"jpeg {what} {value}"] = _swapped(colour, 0xC0, **{f"at{place}": value})
    for place, what in (
        (0, "scan components"),
        (2, "scan tables"),
        (7, "spectral start"),
        (8, "spectral end"),
    ):
        for value in (0, 1, 63, 64, 255):
            made[f"jpeg {what} {value}"] = _swapped(colour, 0xDA, **{f"at{place}": value})
    return made
