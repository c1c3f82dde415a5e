"""Ids by row and rows by id, packed and growing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workers.indexer.engine.texts import GrowingTexts, PackedTexts, Texts

IDS = ["b", "", "图搜/1", "a", "b", "a" * 300]


def growing(texts: list[str]) -> GrowingTexts:
    made = GrowingTexts()
    made.append(texts[:2])
    made.append(texts[2:])
    return made


@pytest.mark.parametrize("make", [PackedTexts, growing])
class TestTexts:
    def test_each_row_gives_its_text_back(self, make: Callable[[list[str]], Texts]) -> None:
        texts = make(IDS)
        assert [texts[row] for row in range(len(IDS))] == IDS

    def test_a_text_finds_all_its_rows_and_no_others(self, make: Callable[[list[str]], Texts]) -> None:
        texts = make(IDS)
        assert sorted(texts.find({"b", "图搜/1", "unknown"})) == [0, 2, 4]
        assert texts.find([]) == []


def test_another_text_of_the_same_hash_is_not_taken_for_it() -> None:
    class HashOfB(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return hash("b")

    assert PackedTexts(IDS).find([HashOfB("c")]) == []
