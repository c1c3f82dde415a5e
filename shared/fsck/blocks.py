"""Whose vectors a block holds, read without NumPy: `fsck` needs ids, and whether two vectors are the same.

The form of a block is told in shared/vectors/codec.py. Whoever reads one has verified its SHA-256.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from shared.errors import ObjectCorrupt

_HEADER = struct.Struct("<4sHHIII")
_MAGIC = b"TSV1"


@dataclass(frozen=True)
class BlockIds:
    """`rows`: (product id, image id, item) in the block's order; `marks`: those of their vectors."""

    fingerprint: str
    dim: int
    rows: list[tuple[str, str, int]]
    marks: list[int]


def mark(vector: bytes | memoryview) -> int:
    """What stands for a vector where only same or other is asked: 8 bytes of its BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(vector, digest_size=8).digest())


def read_ids(data: bytes) -> BlockIds:
    """Raises ObjectCorrupt for what is no whole block."""
    try:
        magic, model_bytes, dim, count, product_bytes, image_bytes = _HEADER.unpack_from(data)
        first = _HEADER.size + count * 16
        at = first + count * 2 * dim
        items = struct.unpack_from(f"<{count}h", data, at)
        product_lengths = struct.unpack_from(f"<{count}H", data, at + 2 * count)
        image_lengths = struct.unpack_from(f"<{count}H", data, at + 4 * count)
        at += 6 * count
        fingerprint = data[at : at + model_bytes].decode()
        at += model_bytes
        products = list(_texts(data, at, product_lengths))
        images = list(_texts(data, at + product_bytes, image_lengths))
    except (struct.error, UnicodeDecodeError) as error:
        raise ObjectCorrupt(f"no block of vectors: {error}") from error
    if magic != _MAGIC or len(data) != at + product_bytes + image_bytes:
        raise ObjectCorrupt("no block of vectors, or not a whole one")
    vectors = memoryview(data)[first : first + count * 2 * dim]
    marks = [mark(vectors[n : n + 2 * dim]) for n in range(0, len(vectors), 2 * dim)] if dim else []
    return BlockIds(fingerprint, dim, list(zip(products, images, items, strict=True)), marks)


def _texts(data: bytes, at: int, lengths: tuple[int, ...]) -> Iterator[str]:
    ends = list(accumulate(lengths, initial=at))
    for start, end in pairwise(ends):
        yield data[start:end].decode()
