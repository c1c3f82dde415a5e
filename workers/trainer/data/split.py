"""Dividing examples into parts: by group, so that nothing leaks, and label by label."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import InvalidRequest
from workers.trainer.data.example import Example


@dataclass(frozen=True)
class Shares:
    """Of each label's groups, 0..1; what is left is learnt from. Raises InvalidRequest for none left."""

    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise InvalidRequest(f"shares must leave something to learn from: {self}")


Divided = tuple[list[Example], list[Example], list[Example]]


def split(examples: Sequence[Example], shares: Shares, seed: int) -> Divided:
    """Training, validation and test part, each in the order given.

    A label's groups are lined up by a hash of seed and group, so that neither the order of the files nor the
    library's random numbers matter. Shares are rounded down: a label of few groups is trained on alone.
    """
    parts = _parts_of_groups(examples, shares, seed)
    divided: Divided = ([], [], [])
    for example in examples:
        divided[parts[example.group]].append(example)
    return divided


def _parts_of_groups(examples: Sequence[Example], shares: Shares, seed: int) -> dict[str, int]:
    """Group -> 0 train, 1 validation, 2 test. A group of several labels counts for its first."""
    labels: dict[str, str] = {}
    for example in examples:
        labels.setdefault(example.group, example.label)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for group, label in labels.items():
        groups[label].append(group)
    parts: dict[str, int] = {}
    for members in groups.values():
        members.sort(key=lambda group: hashlib.blake2b(f"{seed}/{group}".encode()).digest())
        tested = int(len(members) * shares.test)
        validated = tested + int(len(members) * shares.validation)
        for place, group in enumerate(members):
            parts[group] = 2 if place < tested else 1 if place < validated else 0
    return parts
