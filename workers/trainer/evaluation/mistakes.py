"""What a model is surest about, and wrong: labels, and first hits."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.trainer.data.example import Example
from workers.trainer.data.picture import open_picture
from workers.trainer.evaluation.retrieval import Ranking

MOST: Final = 24
_SIDE: Final = 112


@dataclass(frozen=True)
class Mistake:
    """`probability` is that of the label `taken_for`; `thumbnail` a data URI of a JPEG."""

    name: str
    label: str
    taken_for: str
    probability: float
    thumbnail: str


@dataclass(frozen=True)
class Miss:
    """`found` was the first hit of `name` by the cosine `score`, while a right one was there."""

    name: str
    label: str
    found: str
    found_label: str
    score: float
    thumbnail: str
    found_thumbnail: str


def worst_mistakes(
    examples: Sequence[Example],
    chances: NDArray[np.float32],
    right: NDArray[np.int64],
    labels: Sequence[str],
    most: int = MOST,
) -> tuple[Mistake, ...]:
    """At most `most`, surest first; arguments as of `classification`, `examples` in their order."""
    chosen, surest = chances.argmax(1), chances.max(1)
    wrong = np.flatnonzero((chosen != right) & (surest > 0))
    ordered = wrong[np.argsort(-surest[wrong], kind="stable")][:most]
    return tuple(
        Mistake(
            examples[n].name, examples[n].label, labels[chosen[n]], float(surest[n]), thumbnail(examples[n])
        )
        for n in ordered
    )


def worst_misses(
    examples: Sequence[Example], rankings: Iterable[Ranking], most: int = MOST
) -> tuple[Miss, ...]:
    """At most `most`, surest first, of two that found each other one; `rankings` in the examples' order."""
    wrong: dict[frozenset[int], tuple[float, int, int]] = {}
    for n, ranking in enumerate(rankings):
        if ranking.total > 0 and ranking.first is not None and not ranking.right[0]:
            found, score = ranking.first
            wrong.setdefault(frozenset((n, found)), (score, n, found))
    ordered = sorted(wrong.values(), key=lambda one: -one[0])[:most]
    return tuple(_miss(examples[n], examples[found], score) for score, n, found in ordered)


def _miss(asked: Example, found: Example, score: float) -> Miss:
    thumbnails = thumbnail(asked), thumbnail(found)
    return Miss(asked.name, asked.label, found.name, found.label, score, *thumbnails)


def thumbnail(example: Example) -> str:
    """A data URI; at most 112 pixels a side."""
    picture = open_picture(example, _SIDE)
    picture.thumbnail((_SIDE, _SIDE))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
