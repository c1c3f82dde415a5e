"""A network looked at with the pictures of one part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from workers.trainer.evaluation.classification import classification
from workers.trainer.evaluation.mistakes import worst_mistakes
from workers.trainer.evaluation.neighbours import Gallery, by_category, by_product
from workers.trainer.evaluation.predict import Predictions, predict
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import retrieval
from workers.trainer.hardware import Hardware


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
    """All figures; `examples` in the order of the predictions.

    A product is an example's group. In a folder of classes groups are copies, so nothing is found by product.
    """
    groups = predictions.groups
    gallery = Gallery(predictions.embeddings, predictions.labels, groups, copies(examples))
    return Report(
        title=title,
        facts=facts,
        classification=classification(predictions, labels) if predictions.classified else None,
        retrieval_by_category=retrieval(by_category(gallery)),
        retrieval_by_product=retrieval(by_product(gallery)),
        mistakes=worst_mistakes(examples, predictions, labels) if predictions.classified else (),
        history=course.history if course else (),
    )
