"""Lists of names of any length are held against each other without being held."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.storage.name_lists import NameLists

# Above what the lists need whatever their length; a set of the names takes 5 MB.
MOST_BYTES = 3 * 2**20
MANY = 30_000


def names(step: int = 1, *, skip: int = 0) -> Iterator[tuple[str, str]]:
    """In no order."""
    for n in range(0, MANY, step):
        number = n * 7919 % MANY
        if not skip or number % skip:
            yield f"images/2026112617/shop/{number:026d}", "note"


def test_what_stands_in_one_list_alone_comes_in_order_with_its_note() -> None:
    rng = random.Random(3)
    ours = [f"x/{rng.randrange(10**6)}ü" for _ in range(500)]
    theirs = rng.sample(ours, 300) + [f"y/{n}" for n in range(50)]
    with NameLists() as lists:
        lists.add("ours", ((name, f"of {name}") for name in ours))
        lists.add("ours", [(ours[0], f"of {ours[0]}")])
        lists.add("theirs", ((name, "") for name in theirs))
        alone = sorted(set(ours) - set(theirs), key=str.encode)
        assert list(lists.only_in("ours", "theirs")) == [(name, f"of {name}") for name in alone]
        assert [name for name, _ in lists.only_in("theirs", "ours")] == sorted(set(theirs) - set(ours))


@pytest.mark.parametrize(
    ("ours", "theirs"), [([], []), (["a"], []), ([], ["a"]), (["B", "a"], ["a"]), (["é", "z"], ["é"])]
)
def test_lists_may_be_empty_and_in_any_order(ours: list[str], theirs: list[str]) -> None:
    with NameLists() as lists:
        lists.add("ours", ((name, "") for name in ours))
        lists.add("theirs", ((name, "") for name in theirs))
        alone = sorted(set(ours) - set(theirs), key=str.encode)
        assert [name for name, _ in lists.only_in("ours", "theirs")] == alone


def test_the_scratch_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with NameLists() as lists:
        lists.add("ours", [("a", "")])
        assert list(folder.iterdir())
    assert list(folder.iterdir()) == []


def test_memory_does_not_grow_with_the_lists() -> None:
    tracemalloc.start()
    try:
        with NameLists() as lists:
            lists.add("there", names())
            lists.add("kept", names(skip=5))
            alone = sum(1 for _ in lists.only_in("there", "kept"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert alone == MANY // 5
    assert peak < MOST_BYTES
