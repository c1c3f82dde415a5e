"""The pictures a network is surest about, and wrong."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from workers.trainer.data.example import Example
from workers.trainer.data.picture import open_picture
from workers.trainer.evaluation.predict import Predictions

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


def worst_mistakes(
    examples: Sequence[Example], predictions: Predictions, labels: Sequence[str], most: int = MOST
) -> tuple[Mistake, ...]:
    """At most `most`, surest first; `examples` in the order of the predictions."""
    chosen = predictions.probabilities.argmax(1)
    surest = predictions.probabilities.max(1)
    wrong = np.flatnonzero(chosen != predictions.labels)
    ordered = wrong[np.argsort(-surest[wrong], kind="stable")][:most]
    return tuple(
        Mistake(
            examples[n].name, examples[n].label, labels[chosen[n]], float(surest[n]), thumbnail(examples[n])
        )
        for n in ordered
    )


def thumbnail(example: Example) -> str:
    """A data URI; at most 112 pixels a side."""
    picture = open_picture(example, _SIDE)
    picture.thumbnail((_SIDE, _SIDE))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
