"""From what was said of the pictures of one part to all figures: the same for a model and for a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidRequest
from workers.models.networks.blocks import BlockNetwork
from workers.models.preprocessing.preprocess import Preprocess
from workers.trainer.course import Course
from workers.trainer.data.augment import view
from workers.trainer.data.batches import decoded
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example
from workers.trainer.data.pictures import Pictures
from workers.trainer.data.sampling import in_order
from workers.trainer.evaluation.classification import Classification, classification
from workers.trainer.evaluation.mistakes import Mistake, worst_misses, worst_mistakes
from workers.trainer.evaluation.neighbours import Gallery, by_category, by_product
from workers.trainer.evaluation.predict import Predictions, predict
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import Ranking, retrieval
from workers.trainer.hardware import Hardware

CLASSIFIER: Final = "the classifier's, of all its labels"


@dataclass(frozen=True, eq=False)
class Said:
    """What a model or a service said of n examples: all that figures are made of.

    `chances` (n, labels) float32 are probabilities, a row of zeros where nothing was said; None where nothing
    is called by a label. `probabilities` tells the reader what they are. Rankings are in the examples' order.
    """

    labels: tuple[str, ...]
    chances: NDArray[np.float32] | None
    probabilities: str
    by_category: Sequence[Ranking]
    by_product: Sequence[Ranking]


def look(
    network: BlockNetwork,
    examples: Sequence[Example],
    *,
    labels: Sequence[str],
    preprocess: Preprocess,
    hardware: Hardware,
    batch: int = 64,
) -> Predictions:
    """What `network` says of each example, prepared as in a search. Raises InvalidRequest for none."""
    if not examples:
        raise InvalidRequest("there is no picture to evaluate with")
    pictures = Pictures(examples, labels, view("none", preprocess), seed=0)
    found = decoded(
        pictures,
        in_order(len(pictures)),
        size=batch,
        device=hardware.device,
        loaders=hardware.loaders,
        whole=False,
    )
    return predict(network, found)


def evaluate(
    title: str,
    predictions: Predictions,
    examples: Sequence[Example],
    labels: tuple[str, ...],
    *,
    facts: dict[str, Any],
    course: Course | None = None,
) -> Report:
    """All figures of a model; `examples` in the order of the predictions.

    A product is an example's group. In a folder of classes groups are copies, so nothing is found by product.
    """
    gallery = Gallery(predictions.embeddings, predictions.labels, predictions.groups, copies(examples))
    said = Said(
        labels=labels,
        chances=predictions.probabilities if predictions.classified else None,
        probabilities=CLASSIFIER if predictions.classified else "",
        by_category=list(by_category(gallery)),
        by_product=list(by_product(gallery)),
    )
    return report_of(title, said, examples, facts=facts, course=course)


def report_of(
    title: str,
    said: Said,
    examples: Sequence[Example],
    *,
    facts: dict[str, Any],
    course: Course | None = None,
) -> Report:
    """Figures, curves and the worst mistakes; where there are chances `said.labels` has all labels."""
    found: Classification | None = None
    mistakes: tuple[Mistake, ...] = ()
    if said.chances is not None:
        number = {label: n for n, label in enumerate(said.labels)}
        right = np.array([number[example.label] for example in examples], np.int64)
        found = classification(said.chances, right, said.labels)
        mistakes = worst_mistakes(examples, said.chances, right, said.labels)
    return Report(
        title=title,
        facts=facts,
        probabilities=said.probabilities if found else "",
        classification=found,
        retrieval_by_category=retrieval(said.by_category),
        retrieval_by_product=retrieval(said.by_product),
        mistakes=mistakes,
        misses_by_category=worst_misses(examples, said.by_category),
        misses_by_product=worst_misses(examples, said.by_product),
        history=course.history if course else (),
    )
