"""The figures of the validation part after an epoch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from shared.errors import InvalidRequest
from workers.models.networks.blocks import BlockNetwork
from workers.trainer.data.example import Example
from workers.trainer.evaluation.neighbours import Gallery, by_category
from workers.trainer.evaluation.predict import predict
from workers.trainer.evaluation.retrieval import retrieval
from workers.trainer.recipes.recipe import Recipe
from workers.trainer.training.feeds import Feed


def check_watched(recipe: Recipe, examples: Sequence[Example]) -> None:
    """Raises InvalidRequest where the validation part `examples` cannot give the figure that is watched.

    Without such a part the last epoch is taken; accuracy without a classifier no `Recipe` lets pass.
    """
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        groups[example.label].add(example.group)
    if recipe.watch == "r1" and examples and not any(len(each) > 1 for each in groups.values()):
        raise InvalidRequest(
            "the recipe watches r1, but no label has two groups in the validation part, so none can be found "
            "by another; with watch none the last epoch is taken"
        )


def validate(network: BlockNetwork, feed: Feed) -> dict[str, float]:
    """Accuracy, loss and R@1 by category, each picture asked for among other groups; {} for no pictures.

    R@1 is left out where no label has two groups, the others where nothing classifies.
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
