"""What is typed for a search is checked before anything is sent."""

from __future__ import annotations

import pytest
import typer

from services.cli.options import read_crop, read_filters


def test_a_crop_is_four_numbers_with_or_without_brackets() -> None:
    assert read_crop("0.1,0,0.9,1") == [0.1, 0.0, 0.9, 1.0]
    assert read_crop("[0.1, 0, 0.9, 1]") == [0.1, 0.0, 0.9, 1.0]


@pytest.mark.parametrize(
    "text", ["", "a", "0,0,1", "0,0,1,1,1", "nan,0,1,1", "0,0,inf,1", "1,0,0,1", "0,-1,1,1"]
)
def test_what_is_no_crop_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no crop"):
        read_crop(text)


def test_filters_are_a_json_object() -> None:
    assert read_filters('{"category": ["dress"]}') == {"category": ["dress"]}


@pytest.mark.parametrize("text", ["", "{", "[]", "dress", "[" * 100_000])
def test_what_is_no_json_object_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no JSON object"):
        read_filters(text)
