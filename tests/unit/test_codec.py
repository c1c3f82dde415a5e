"""Vector blocks and segments: what goes in comes out, and no byte can do harm."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import FingerprintMismatch
from shared.vectors.codec import CorruptBlock, Rows, decode_block, encode_block, encode_segment, to_unit_f16

FINGERPRINT = "3f2a91c0d7be"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def some_rows(count: int, dim: int = 8, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    return Rows(
        [f"SKU/{i}-图" for i in range(count)],
        [f"image{i}" for i in range(count)],
        np.arange(count, dtype=np.int16),
        random.random((count, 4), dtype=np.float32),
        to_unit_f16(random.standard_normal((count, dim))),
    )


def assert_same(found: Rows, expected: Rows) -> None:
    assert found.product_ids == expected.product_ids
    assert found.image_ids == expected.image_ids
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    np.testing.assert_array_equal(found.vectors, expected.vectors)


@given(ids=st.lists(st.tuples(TEXT, TEXT), max_size=6), dim=st.integers(0, 5), seed=st.integers(0, 99))
def test_a_block_decodes_to_the_rows_it_was_made_of(ids: list[tuple[str, str]], dim: int, seed: int) -> None:
    """Whatever the ids' characters, and also without rows or without dimensions."""
    random = np.random.default_rng(seed)
    rows = Rows(
        [product for product, _ in ids],
        [image for _, image in ids],
        random.integers(-(2**15), 2**15, len(ids)).astype(np.int16),
        random.random((len(ids), 4), dtype=np.float32),
        random.standard_normal((len(ids), dim)).astype(np.float16),
    )
    assert_same(decode_block(encode_block(rows, FINGERPRINT), fingerprint=FINGERPRINT, dim=dim), rows)


def test_vectors_of_another_model_are_refused_with_both_fingerprints_named() -> None:
    with pytest.raises(FingerprintMismatch) as error:
        decode_block(encode_block(some_rows(2), "aaaa"), fingerprint="bbbb", dim=8)
    assert (error.value.expected, error.value.found) == ("bbbb", "aaaa")


def test_a_block_of_another_dimension_is_refused() -> None:
    with pytest.raises(CorruptBlock, match="8 dimensions, where 16"):
        decode_block(encode_block(some_rows(2), FINGERPRINT), fingerprint=FINGERPRINT, dim=16)


def test_bytes_that_are_no_block_are_refused() -> None:
    with pytest.raises(CorruptBlock, match="no vector block"):
        decode_block(b"PK\3\4" + b"\0" * 100, fingerprint=FINGERPRINT, dim=8)


def test_a_block_cut_anywhere_or_with_bytes_behind_it_is_refused() -> None:
    data = encode_block(some_rows(3), FINGERPRINT)
    for wrong in [data[:length] for length in range(len(data))] + [data + b"\0"]:
        with pytest.raises(CorruptBlock):
            decode_block(wrong, fingerprint=FINGERPRINT, dim=8)


def test_a_flipped_bit_gives_a_named_error_or_rows_of_the_same_shape() -> None:
    """The checksum finds every flip; this is what stands behind it."""
    data = encode_block(some_rows(3), FINGERPRINT)
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            rows = decode_block(bytes(flipped), fingerprint=FINGERPRINT, dim=8)
        except (CorruptBlock, FingerprintMismatch):
            continue
        assert (len(rows), rows.dim) == (3, 8)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_behind_the_magic_are_refused_or_decoded(tail: bytes) -> None:
    try:
        decode_block(b"TSV1" + tail, fingerprint=FINGERPRINT, dim=8)
    except (CorruptBlock, FingerprintMismatch):
        return


def test_a_header_that_claims_billions_of_rows_is_refused_before_anything_is_allocated() -> None:
    header = struct.pack("<4sHHIII", b"TSV1", 12, 65_535, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    with pytest.raises(CorruptBlock, match="where the header speaks of"):
        decode_block(header, fingerprint=FINGERPRINT, dim=65_535)


@pytest.mark.parametrize("field", ["vectors", "boxes"])
def test_numbers_that_are_not_finite_are_refused(field: str) -> None:
    rows = some_rows(2)
    getattr(rows, field)[1, 1] = np.nan
    with pytest.raises(CorruptBlock, match="not finite"):
        decode_block(encode_block(rows, FINGERPRINT), fingerprint=FINGERPRINT, dim=8)


def test_an_id_too_long_for_its_length_field_is_refused() -> None:
    rows = some_rows(1)
    rows.product_ids[0] = "x" * 65_536
    with pytest.raises(ValueError, match="65,535 bytes"):
        encode_block(rows, FINGERPRINT)


def test_rows_of_unequal_length_are_refused() -> None:
    rows = some_rows(2)
    with pytest.raises(ValueError, match="image_ids"):
        Rows(rows.product_ids, ["one"], rows.items, rows.boxes, rows.vectors)


def test_a_segment_holds_one_verifiable_block_per_shard_that_has_rows() -> None:
    """A worker reads only its own shard's range, and the hash is that range's."""
    by_shard = {5: some_rows(2, seed=5), 3: some_rows(4, seed=3), 4: some_rows(0)}
    data, parts = encode_segment(by_shard, FINGERPRINT)
    assert [(part.shard, part.rows) for part in parts] == [(3, 4), (5, 2)]
    assert sum(part.length for part in parts) == len(data)
    for part in parts:
        block = data[part.offset : part.offset + part.length]
        assert hashlib.sha256(block).hexdigest() == part.sha256
        assert_same(decode_block(block, fingerprint=FINGERPRINT, dim=8), by_shard[part.shard])


def moved_by_rounding(first: np.ndarray, second: np.ndarray) -> float:
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    rounded = to_unit_f16(first).astype(np.float64) @ to_unit_f16(second).astype(np.float64)
    return float(abs(rounded - cosine))


@given(st.integers(0, 10_000), st.integers(2, 600), st.floats(1e-3, 1e3))
def test_rounding_to_float16_moves_a_cosine_by_less_than_a_thousandth(
    seed: int, dim: int, length: float
) -> None:
    first, second = length * np.random.default_rng(seed).standard_normal((2, dim))
    assert moved_by_rounding(first, second) <= 2 * 2**-11


def test_at_the_dimension_of_a_real_model_rounding_moves_a_cosine_by_at_most_4e_5() -> None:
    random = np.random.default_rng(0)
    assert max(moved_by_rounding(*random.standard_normal((2, 1280))) for _ in range(200)) <= 4e-5


@pytest.mark.parametrize("vector", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_direction_is_refused(vector: list[float]) -> None:
    with pytest.raises(ValueError, match="no direction"):
        to_unit_f16(np.array(vector))


def test_a_batch_is_scaled_row_by_row() -> None:
    batch = to_unit_f16(np.array([[3.0, 4.0], [0.0, 2.0]]))
    np.testing.assert_array_equal(batch, np.array([[0.6, 0.8], [0.0, 1.0]], dtype=np.float16))
