"""A data set in its three parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from shared.errors import InvalidRequest
from workers.trainer.data.example import Example
from workers.trainer.data.picture import content_of


@dataclass(frozen=True)
class LeftOut:
    """A file or row that cannot be learnt from, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Parts:
    """`labels` are sorted, numbers by their value; their order is that of a network's outputs. No group
    and no picture stands in two parts that were split off.

    The parts that a data set brings with it are taken as they are. Choices are made on `validation`; `test`
    is for the last look.
    """

    labels: tuple[str, ...]
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    left_out: tuple[LeftOut, ...] = ()

    def sha256(self) -> str:
        """Of what is learnt from: parts, labels, groups and pictures, wherever they lie."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(f"part of {len(part)}\n".encode())
            for example in part:
                digest.update(f"{example.label}\t{example.group}\t".encode())
                digest.update(_content(example))
        return digest.hexdigest()


def make_parts(
    train: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    left_out: Iterable[LeftOut] = (),
) -> Parts:
    """Raises InvalidRequest unless there are two labels or more and each stands in the training part."""
    left_out = tuple(left_out)
    labels = sorted({example.label for example in chain(train, validation, test)}, key=_numbers_first)
    if len(labels) < 2:
        raise InvalidRequest(
            f"there is nothing to tell apart: {len(labels)} label(s) in all pictures{_first_of(left_out)}"
        )
    if unknown := set(labels) - {example.label for example in train}:
        raise InvalidRequest(f"no picture to learn from has one of the labels {', '.join(sorted(unknown))}")
    return Parts(tuple(labels), tuple(train), tuple(validation), tuple(test), left_out)


def _first_of(left_out: Sequence[LeftOut]) -> str:
    """Why there are fewer pictures than there were rows."""
    if not left_out:
        return ""
    return f"; {len(left_out)} left out, such as {left_out[0].name}: {left_out[0].reason}"


def _numbers_first(label: str) -> tuple[int, int, str]:
    """Numbers by their value, then names."""
    return (0, int(label), label) if label.isdecimal() else (1, 0, label)


def _content(example: Example) -> bytes:
    return hashlib.sha256(content_of(example)).digest()
