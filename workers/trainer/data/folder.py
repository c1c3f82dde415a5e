"""A folder of classes: `CLASS/picture`, or `train/CLASS/picture` beside `validation` and `test`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.errors import InvalidRequest
from workers.trainer.data.example import Example
from workers.trainer.data.files import example_of
from workers.trainer.data.parts import LeftOut, Parts, make_parts
from workers.trainer.data.split import Shares, split

_VALIDATION: Final = ("validation", "val", "valid")


def read_folder(folder: Path, *, shares: Shares | None = None, seed: int = 0) -> Parts:
    """The parts that the folder has; what it lacks is split off its training part by `shares`.

    Hidden files are passed over. Raises InvalidRequest for a folder without pictures of two classes.
    """
    if not folder.is_dir():
        raise InvalidRequest(f"there is no folder {folder}")
    shares = shares or Shares()
    left_out: list[LeftOut] = []
    if not (folder / "train").is_dir():
        return make_parts(*split(_classes(folder, left_out), shares, seed), left_out=left_out)
    rest = _classes(folder / "train", left_out)
    validation = [e for name in _VALIDATION for e in _classes(folder / name, left_out)]
    test = _classes(folder / "test", left_out)
    missing = Shares(0 if validation else shares.validation, 0 if test else shares.test)
    train, split_validation, split_test = split(rest, missing, seed)
    return make_parts(train, validation or split_validation, test or split_test, left_out)


def _classes(folder: Path, left_out: list[LeftOut]) -> list[Example]:
    """Every picture below `folder/CLASS`, in the order of names; empty where there is no such folder."""
    found: list[Example] = []
    for label in _visible(folder):
        for path in (p for p in sorted(label.rglob("*")) if p.is_file() and not p.name.startswith(".")):
            made = example_of(path, label.name)
            if isinstance(made, Example):
                found.append(made)
            else:
                left_out.append(made)
    return found


def _visible(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith("."))
