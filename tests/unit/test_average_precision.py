"""Average precision of a detector, as the benchmark of detectors tells it."""

from __future__ import annotations

import pytest

from benchmarks.average_precision import Known, ap50
from workers.models.detectors.port import Detection

LEFT = (0.0, 0.0, 0.5, 1.0)
RIGHT = (0.5, 0.0, 1.0, 1.0)


def test_ap50_of_what_is_all_right_is_one() -> None:
    known = [[Known(LEFT, "hat"), Known(RIGHT, "shoe")], []]

    assert ap50([[Detection(LEFT, "hat", 0.9), Detection(RIGHT, "shoe", 0.1)], []], known) == 1


def test_ap50_of_nothing_found_is_zero() -> None:
    assert ap50([[]], [[Known(LEFT, "hat")]]) == 0


def test_ap50_is_the_mean_of_the_labels() -> None:
    known = [[Known(LEFT, "hat"), Known(RIGHT, "shoe")]]

    assert ap50([[Detection(LEFT, "hat", 0.9)]], known) == 0.5


def test_a_mistake_before_the_right_one_halves_precision() -> None:
    found = [[Detection(RIGHT, "hat", 0.9), Detection(LEFT, "hat", 0.8)]]

    assert ap50(found, [[Known(LEFT, "hat")]]) == pytest.approx(0.5)


def test_an_item_found_twice_is_right_once() -> None:
    """The second hit counts as a mistake: here before the other item, at half of the recalls."""
    found = [[Detection(LEFT, "hat", 0.9), Detection(LEFT, "hat", 0.8), Detection(RIGHT, "hat", 0.7)]]

    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert ap50(found, [[Known(LEFT, "hat"), Known(RIGHT, "hat")]]) == pytest.approx(expected)


def test_ap50_needs_an_answer_for_every_photo() -> None:
    with pytest.raises(ValueError, match="1 photos were looked at, 2"):
        ap50([[]], [[], []])
