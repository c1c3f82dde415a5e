"""A data set in its three parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from shared.errors import InvalidRequest
from workers.trainer.data.example import Example


@dataclass(frozen=True)
class LeftOut:
    """A file or row that cannot be learnt from, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Parts:
    """`labels` are sorted; their order is that of a network's outputs. No group stands in two parts.

    The parts that a data set brings with it are taken as they are. Choices are made on `validation`; `test`
    is for the last look.
    """

    labels: tuple[str, ...]
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    left_out: tuple[LeftOut, ...] = ()

    def sha256(self) -> str:
        """Of what is learnt from: parts, labels, groups and pictures (a file counts by its path)."""
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
    labels = sorted({example.label for example in chain(train, validation, test)})
    if len(labels) < 2:
        raise InvalidRequest(f"there is nothing to tell apart: {len(labels)} label(s) in all pictures")
    if unknown := set(labels) - {example.label for example in train}:
        raise InvalidRequest(f"no picture to learn from has one of the labels {', '.join(sorted(unknown))}")
    return Parts(tuple(labels), tuple(train), tuple(validation), tuple(test), tuple(left_out))


def _content(example: Example) -> bytes:
    if isinstance(example.image, Path):
        return str(example.image).encode()
    return example.image if isinstance(example.image, bytes) else example.image.tobytes()
