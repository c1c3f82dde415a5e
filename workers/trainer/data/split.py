"""Dividing examples into parts: by group, so that nothing leaks, and label by label."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import InvalidRequest
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example


@dataclass(frozen=True)
class Shares:
    """Of each label's groups, 0..1; what is left is learnt from. Raises InvalidRequest for none left."""

    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        # Written so that what is no number is refused too.
        if not (self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1):
            raise InvalidRequest(f"shares must leave something to learn from: {self}")


Divided = tuple[list[Example], list[Example], list[Example]]


def split(examples: Sequence[Example], shares: Shares, seed: int) -> Divided:
    """Training, validation and test part, each in the order given.

    Nothing is torn apart that belongs together: a group, or groups that share byte-identical pictures. A
    label's groups are lined up by a hash of seed and group, so that neither the order of the files nor the
    library's random numbers matter. Shares are kept over all labels: where they are less than one group of
    each label, only some labels have one in a part. A label of one group is trained on.
    """
    together = _together(examples)
    parts = _parts_of(examples, together, shares, seed)
    divided: Divided = ([], [], [])
    for example, cluster in zip(examples, together, strict=True):
        divided[parts[cluster]].append(example)
    return divided


def _together(examples: Sequence[Example]) -> list[str]:
    """The cluster of each example, named by the first in order of its groups (disjoint sets, Tarjan 1975)."""
    parent: dict[str, str] = {example.group: example.group for example in examples}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = group = parent[parent[group]]
        return group

    first: dict[int, str] = {}
    for example, content in zip(examples, copies(examples).tolist(), strict=True):
        one, other = sorted((root(example.group), root(first.setdefault(content, example.group))))
        parent[other] = one
    return [root(example.group) for example in examples]


def _parts_of(
    examples: Sequence[Example], together: Sequence[str], shares: Shares, seed: int
) -> dict[str, int]:
    """Cluster -> 0 train, 1 validation, 2 test. A cluster of several labels counts for its first."""
    labels: dict[str, str] = {}
    for example, cluster in zip(examples, together, strict=True):
        labels.setdefault(cluster, example.label)
    clusters: defaultdict[str, list[str]] = defaultdict(list)
    for cluster, label in labels.items():
        clusters[label].append(cluster)
    parts: dict[str, int] = {}
    owed = {1: 0.0, 2: 0.0}  # what the labels before this one were too small to give
    for _, members in sorted(clusters.items()):
        members.sort(key=lambda cluster: hashlib.blake2b(f"{seed}/{cluster}".encode()).digest())
        place = 0
        for part, share in ((2, shares.test), (1, shares.validation)):
            owed[part] += len(members) * share
            # A hair more, as 10 * 0.1 summed up may be less than 1.
            taken = min(int(owed[part] + 1e-9), len(members) - 1 - place)
            owed[part] -= taken
            for cluster in members[place : place + taken]:
                parts[cluster] = part
            place += taken
        for cluster in members[place:]:
            parts[cluster] = 0
    return parts
