"""The quality gate on a sample of the real photos; `python -m benchmarks.quality_gate` takes them all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.vision.quality import QualityThresholds, judge, measure

DATA = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
FOLDERS = ("photos/clothing", "catalogs/fashion", "catalogs/general")
SAMPLE = 40  # of each folder

pytestmark = pytest.mark.skipif(
    not all((DATA / folder).is_dir() for folder in FOLDERS), reason=f"no real photos in {DATA} (TUSOU_DATA)"
)


@pytest.fixture(scope="module")
def sample() -> list[Path]:
    """Photos of the half that no threshold saw."""
    from benchmarks.quality_gate.photos import REPORT, half, photos, some

    return [path for folder in FOLDERS for path in some(half(photos(folder), REPORT), SAMPLE)]


def codes(path: Path, damage: str = "", level: float = 0) -> set[str]:
    from benchmarks.quality_gate.damages import DAMAGES
    from benchmarks.quality_gate.photos import opened, seed_of

    image = opened(path)
    for one in DAMAGES:
        if one.name == damage:
            image = one(image, level, seed_of(path))
    return {reason.code for reason in judge(measure(image, min(image.size)), QualityThresholds())}


def test_good_photos_pass(sample: list[Path]) -> None:
    rejected = [(path, found) for path in sample if (found := codes(path))]
    assert len(rejected) <= 0.02 * len(sample), rejected


@pytest.mark.parametrize(
    ("damage", "level", "code"),
    [
        ("blurred", 2.3, "blurred"),
        ("moved", 10.2, "blurred"),
        ("dark", 4.1, "too_dark"),
        ("flat", 2.26, "low_contrast"),
        ("tiny", 52, "too_small"),
    ],
)
def test_a_photo_whose_retrieval_is_halved_is_rejected_for_its_damage(
    sample: list[Path], damage: str, level: float, code: str
) -> None:
    caught = [code in codes(path, damage, level) for path in sample]
    assert sum(caught) >= 0.95 * len(caught)
