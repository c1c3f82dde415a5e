"""The fake model: quick, and as good as a real one at telling images apart."""

from __future__ import annotations

import numpy as np

from workers.models.fake import FakeModel
from workers.models.steps import embed


def _image(value: int) -> np.ndarray:
    return np.full((32, 32, 3), value, np.uint8)


def test_the_same_pixels_give_the_same_vector_in_any_batch() -> None:
    """Neither the batch nor the instance has a say."""
    alone = embed(FakeModel(), [_image(7)])[0].vector
    in_company = embed(FakeModel(), [_image(1), _image(7), _image(2)])[1].vector

    np.testing.assert_array_equal(alone, in_company)


def test_other_pixels_give_a_vector_nearly_at_right_angles() -> None:
    """64 hashed numbers: chance alone gives a cosine of about 1 / 8."""
    vectors = np.stack([result.vector for result in embed(FakeModel(), [_image(v) for v in range(50)])])

    cosines = vectors @ vectors.T - np.eye(50)

    assert np.abs(cosines).max() < 0.6


def test_one_changed_pixel_is_another_image() -> None:
    changed = _image(7)
    changed[3, 4, 1] += 1

    first, second = embed(FakeModel(), [_image(7), changed])

    assert first.vector @ second.vector < 0.6
