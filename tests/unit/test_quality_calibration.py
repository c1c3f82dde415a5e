"""How a threshold of the quality gate is found, and what a damage is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality_gate.calibration import REJECTED_AT_MOST, threshold
from benchmarks.quality_gate.damages import DAMAGES, Damage

THOUSAND = np.linspace(0, 1, 1001)


def test_a_threshold_stands_beside_the_damaged_where_they_are_apart_from_the_good() -> None:
    found = threshold(1, [5 + THOUSAND, 6 + THOUSAND], [THOUSAND, 2 + THOUSAND])
    assert found.reach == pytest.approx(2.99)
    assert found.reach < found.value < found.reach + (found.limit - found.reach) / 4


def test_a_threshold_rejects_no_more_good_photos_than_allowed_where_they_overlap() -> None:
    good = [THOUSAND, 0.5 + THOUSAND]
    found = threshold(1, good, [0.8 * THOUSAND])
    assert np.mean(good[0] < found.value) == pytest.approx(REJECTED_AT_MOST, abs=0.001)


def test_a_threshold_of_what_is_rejected_above_mirrors_one_below() -> None:
    below = threshold(1, [5 + THOUSAND], [THOUSAND])
    above = threshold(-1, [-5 - THOUSAND], [-THOUSAND])
    assert above.value == -below.value


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_is_the_same_for_the_same_seed_and_worse_at_a_higher_level(damage: Damage) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC)

    def harm(place: int) -> float:
        spoilt = damage(image, damage.levels[place], seed=3).resize(image.size)
        return float(np.abs(np.asarray(spoilt, float) - np.asarray(image, float)).mean())

    assert damage(image, damage.levels[2], seed=3) == damage(image, damage.levels[2], seed=3)
    assert harm(0) < harm(len(damage.levels) // 2) < harm(-1)
