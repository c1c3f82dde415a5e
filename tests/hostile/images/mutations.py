"""Whole images changed at random: the same seed gives the same case, on every machine."""

from __future__ import annotations

import random
import struct

from tests.hostile.images import blocks
from tests.hostile.images.cuts import points
from tests.hostile.images.sound import sound_images

# What overflows, wraps round or means "none" in a field of 1, 2 or 4 bytes.
_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_FIELDS = (">B", ">H", "<H", ">I", "<I")
_MOST_BYTES = 200_000


def mutated(seed: int) -> tuple[str, bytes]:
    """What the case began with, and its bytes."""
    choose = random.Random(seed)
    name, data = choose.choice(_whole())
    if data.startswith(blocks.PNG_SIGNATURE) and choose.random() < 0.6:
        return name, _png(choose, data)
    changed = bytearray(data)
    for _ in range(choose.choice((1, 1, 1, 2, 4, 16))):
        choose.choice(_CHANGES)(choose, changed)
    return name, bytes(changed[:_MOST_BYTES])


def _whole() -> list[tuple[str, bytes]]:
    return list(sound_images().items())


def _place(choose: random.Random, data: bytearray) -> int:
    """Anywhere; half of the time in the header, where a byte changes most."""
    most = max(1, len(data))
    return choose.randrange(min(most, 96)) if choose.random() < 0.5 else choose.randrange(most)


def _flip(choose: random.Random, data: bytearray) -> None:
    if data:
        data[_place(choose, data)] ^= 1 << choose.randrange(8)


def _number(choose: random.Random, data: bytearray) -> None:
    field, at = choose.choice(_FIELDS), _place(choose, data)
    size = struct.calcsize(field)
    value = choose.choice(_NUMBERS) & ((1 << 8 * size) - 1)
    data[at : at + size] = struct.pack(field, value)


def _noise(choose: random.Random, data: bytearray) -> None:
    at, length = _place(choose, data), choose.randint(1, 64)
    data[at : at + length] = choose.randbytes(length)


def _drop(choose: random.Random, data: bytearray) -> None:
    at = _place(choose, data)
    del data[at : at + choose.randint(1, 200)]


def _insert(choose: random.Random, data: bytearray) -> None:
    at = _place(choose, data)
    data[at:at] = choose.choice((choose.randbytes(choose.randint(1, 64)), bytes(64), b"\xff" * 64))


def _repeat(choose: random.Random, data: bytearray) -> None:
    at, length = _place(choose, data), choose.randint(1, 400)
    data[at:at] = data[at : at + length] * choose.choice((1, 2, 30))


def _cut(choose: random.Random, data: bytearray) -> None:
    del data[_place(choose, data) :]


def _splice(choose: random.Random, data: bytearray) -> None:
    """The end of another image, of any format."""
    _, other = choose.choice(_whole())
    del data[_place(choose, data) :]
    data += other[choose.randrange(len(other)) :]


def _transplant(choose: random.Random, data: bytearray) -> None:
    """A block of an image of the same format, at a place where a block begins."""
    alike = [other for _, other in _whole() if other[:2] == data[:2]]
    if not alike:
        return
    other = choose.choice(alike)
    starts = points(other)
    first = choose.choice(starts)
    at = min(choose.choice(starts), len(data))
    data[at:at] = other[first : first + choose.randint(4, 600)]


_CHANGES = (_flip, _flip, _number, _number, _noise, _drop, _insert, _repeat, _cut, _splice, _transplant)


def _png(choose: random.Random, data: bytes) -> bytes:
    """Chunks changed, moved, doubled and left out, with the right checksums: so the decoder believes them."""
    chunks = blocks.png_chunks(data)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(chunks))
        kind, body = chunks[at]
        match choose.randrange(6):
            case 0:
                del chunks[at]
            case 1:
                chunks.insert(choose.randrange(len(chunks) + 1), (kind, body))
            case 2:
                _, other = choose.choice([one for one in _whole() if one[1].startswith(blocks.PNG_SIGNATURE)])
                chunks.insert(choose.randrange(len(chunks) + 1), choose.choice(blocks.png_chunks(other)))
            case _:
                changed = bytearray(body)
                choose.choice(_CHANGES[:8])(choose, changed)
                chunks[at] = (kind, bytes(changed))
        if not chunks:
            break
    return blocks.PNG_SIGNATURE + b"".join(blocks.png_chunk(kind, body) for kind, body in chunks)
