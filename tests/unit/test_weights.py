"""Where weights are looked for, and what a missing file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import WeightsMissing
from workers.models.weights.find import find_weights

THREE_WAYS = ("TUSOU_WEIGHTS", "object store", "download")


def _store(name: str) -> bytes | None:
    return b"bytes of " + name.encode()


def test_a_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "ours.bin"
    path.write_bytes(b"w")

    assert find_weights("resnet50", weights=str(path), fetch_object=None) == path


def test_a_folder_gives_the_file_of_the_models_name(tmp_path: Path) -> None:
    path = tmp_path / "resnet50.pth"
    path.write_bytes(b"w")

    assert find_weights("resnet50", weights=str(tmp_path), fetch_object=None) == path


def test_without_a_setting_the_object_store_is_asked() -> None:
    assert find_weights("resnet50", weights=None, fetch_object=_store) == b"bytes of resnet50.pth"


def test_without_both_the_download_is_left() -> None:
    assert find_weights("resnet50", weights="", fetch_object=lambda _: None) is None


@pytest.mark.parametrize("given", ["nowhere/weights.pth", ""], ids=["file", "folder"])
def test_a_missing_file_is_named_with_the_three_ways_to_get_it(tmp_path: Path, given: str) -> None:
    """Although the object store has one: weights that were asked for are not exchanged for others."""
    with pytest.raises(WeightsMissing) as told:
        find_weights("resnet50", weights=str(tmp_path / given), fetch_object=_store)

    missing = tmp_path / (given or "resnet50.pth")
    assert str(missing) in told.value.detail
    assert all(way in told.value.detail for way in THREE_WAYS)
    assert not told.value.retryable
