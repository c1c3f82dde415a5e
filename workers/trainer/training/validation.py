"""The figures of the validation part after an epoch."""

from __future__ import annotations

from workers.models.networks.blocks import BlockNetwork
from workers.trainer.evaluation.neighbours import Gallery, by_category
from workers.trainer.evaluation.predict import predict
from workers.trainer.evaluation.retrieval import retrieval
from workers.trainer.training.feeds import Feed


def validate(network: BlockNetwork, feed: Feed) -> dict[str, float]:
    """Accuracy, loss and R@1 by category, each picture asked for among other groups; {} for no pictures.

    R@1 is left out where no category has two groups, the others where nothing classifies.
    """
    if not len(feed.pictures):
        return {}
    found = predict(network, feed.everything(), feed.start)
    figures = {"accuracy": found.accuracy, "loss": found.loss} if found.classified else {}
    gallery = Gallery(found.embeddings, found.labels, found.groups, found.groups)
    neighbours = retrieval(by_category(gallery, depth=10), depth=10)
    if neighbours:
        figures["r1"] = neighbours.r1
    return figures
