"""Vector rows as bytes: blocks, and segments made of one block per shard.

A block, little-endian, numbers first so that every array lies aligned in it:

    magic 4s | fingerprint bytes u16 | dim u16 | rows u32 | product bytes u32 | image bytes u32
    boxes   rows × 4 float32
    vectors rows × dim float16
    items   rows int16
    lengths rows u16 of the product ids, rows u16 of the image ids
    text    fingerprint, product ids, image ids, UTF-8

Whoever reads a block has verified its SHA-256 before. The checks here are a second line: no byte of a
block can make the reader crash, or allocate more than a small multiple of the block's own length.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import FingerprintMismatch

MAGIC = b"TSV1"
_HEADER = struct.Struct("<4sHHIII")


class CorruptBlock(ValueError):
    """The bytes are no whole block of the expected shape."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Vector rows: one for each (product, image, item). Raises ValueError where lengths or shapes differ."""

    product_ids: list[str]
    image_ids: list[str]
    items: NDArray[np.int16]  # (n,)
    boxes: NDArray[np.float32]  # (n, 4): x0 y0 x1 y1, 0..1 of the upright image
    vectors: NDArray[np.float16]  # (n, dim), unit length

    def __post_init__(self) -> None:
        n = len(self.product_ids)
        _require("image_ids", len(self.image_ids) == n)
        _require("items", self.items.shape == (n,) and self.items.dtype == np.int16)
        _require("boxes", self.boxes.shape == (n, 4) and self.boxes.dtype == np.float32)
        _require("vectors", self.vectors.ndim == 2 and len(self.vectors) == n)
        _require("vectors", self.vectors.dtype == np.float16)

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])

    def take(self, rows: Sequence[int]) -> Rows:
        """The named rows, in that order."""
        at = np.asarray(rows, dtype=np.intp)
        return Rows(
            [self.product_ids[row] for row in rows],
            [self.image_ids[row] for row in rows],
            self.items[at],
            self.boxes[at],
            self.vectors[at],
        )


@dataclass(frozen=True)
class SegmentPart:
    """One shard's block inside a segment object; `sha256` (hex) is that of the block's bytes alone."""

    shard: int
    offset: int
    length: int
    rows: int
    sha256: str


def to_unit_f16(vector: NDArray[Any]) -> NDArray[np.float16]:
    """Scale (dim,) or (n, dim) numbers to unit length and round to float16.

    Rounding two vectors moves their cosine by at most 2 × 2⁻¹¹ (Cauchy-Schwarz over each number's relative
    error), and at 1,280 dimensions, where errors cancel, by at most 4e-5 as measured.

    Raises ValueError for a vector that has no direction: zero, NaN or infinite.
    """
    wide = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not np.all(np.isfinite(length) & (length > 0)):
        raise ValueError("a vector of length zero or with numbers that are not finite has no direction")
    unit: NDArray[np.float16] = (wide / length).astype(np.float16)
    return unit


def encode_block(rows: Rows, fingerprint: str) -> bytes:
    """Raises ValueError for ids longer than 65,535 bytes or with lone surrogates."""
    model = fingerprint.encode()
    products = [text.encode() for text in rows.product_ids]
    images = [text.encode() for text in rows.image_ids]
    product_text, image_text = b"".join(products), b"".join(images)
    header = _HEADER.pack(MAGIC, len(model), rows.dim, len(rows), len(product_text), len(image_text))
    return b"".join(
        (
            header,
            rows.boxes.astype("<f4").tobytes(),
            rows.vectors.astype("<f2").tobytes(),
            rows.items.astype("<i2").tobytes(),
            _lengths(products),
            _lengths(images),
            model,
            product_text,
            image_text,
        )
    )


def decode_block(data: bytes, *, fingerprint: str, dim: int) -> Rows:
    """The rows of a block; their arrays are read-only views of `data`.

    Raises FingerprintMismatch for vectors of another model, CorruptBlock for anything else that is not a
    whole block of `dim` dimensions.
    """
    if len(data) < _HEADER.size:
        raise CorruptBlock(f"{len(data)} bytes are fewer than a header")
    magic, model_bytes, found_dim, count, product_bytes, image_bytes = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise CorruptBlock(f"no vector block: it begins with {magic!r}")
    expected = _HEADER.size + count * (16 + 2 * found_dim + 2 + 4) + model_bytes + product_bytes + image_bytes
    if len(data) != expected:
        raise CorruptBlock(f"{len(data)} bytes, where the header speaks of {expected}")

    reader = _Reader(data, _HEADER.size)
    boxes = reader.numbers("<f4", count * 4).reshape(count, 4)
    vectors = reader.numbers("<f2", count * found_dim).reshape(count, found_dim)
    items = reader.numbers("<i2", count)
    product_lengths = reader.numbers("<u2", count)
    image_lengths = reader.numbers("<u2", count)
    found = _text(reader.raw(model_bytes))
    if found != fingerprint:
        raise FingerprintMismatch(fingerprint, found)
    if found_dim != dim:
        raise CorruptBlock(f"vectors of {found_dim} dimensions, where {dim} were expected")
    if not (np.isfinite(boxes).all() and np.isfinite(vectors).all()):
        raise CorruptBlock("a number is not finite")
    return Rows(
        _split(reader.raw(product_bytes), product_lengths),
        _split(reader.raw(image_bytes), image_lengths),
        items,
        boxes,
        vectors,
    )


def encode_segment(rows_by_shard: Mapping[int, Rows], fingerprint: str) -> tuple[bytes, list[SegmentPart]]:
    """One object of one block per shard, ascending; a shard without rows has no part."""
    blocks: list[bytes] = []
    parts: list[SegmentPart] = []
    offset = 0
    for shard, rows in sorted(rows_by_shard.items()):
        if not len(rows):
            continue
        block = encode_block(rows, fingerprint)
        parts.append(SegmentPart(shard, offset, len(block), len(rows), hashlib.sha256(block).hexdigest()))
        blocks.append(block)
        offset += len(block)
    return b"".join(blocks), parts


class _Reader:
    """Takes one stretch of a block after the other; the caller has checked that they add up."""

    def __init__(self, data: bytes, offset: int) -> None:
        self._data = data
        self._offset = offset

    def numbers(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self._data, dtype=dtype, count=count, offset=self._offset)
        self._offset += values.nbytes
        return values

    def raw(self, count: int) -> bytes:
        start, self._offset = self._offset, self._offset + count
        return self._data[start : self._offset]


def _require(field: str, holds: bool) -> None:
    if not holds:
        raise ValueError(f"{field} does not fit the other fields' length, or has another type")


def _lengths(texts: Iterable[bytes]) -> bytes:
    lengths = [len(text) for text in texts]
    if max(lengths, default=0) > 0xFFFF:
        raise ValueError("an id is longer than 65,535 bytes")
    return np.array(lengths, dtype="<u2").tobytes()


def _split(text: bytes, lengths: NDArray[Any]) -> list[str]:
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    if (ends[-1] if ends else 0) != len(text):
        raise CorruptBlock("the ids' lengths do not add up to their text")
    return [_text(text[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CorruptBlock("an id or the fingerprint is not UTF-8") from error
