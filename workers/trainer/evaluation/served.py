"""A model asked as workers ask it: through `pre`, `core` and `post`, by whichever engine serves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.errors import InvalidRequest, TusouError
from workers.models.port import Model
from workers.models.steps import embed
from workers.trainer.data.augment import view
from workers.trainer.data.batches import loaded
from workers.trainer.data.example import Example
from workers.trainer.data.pictures import Pictures
from workers.trainer.data.sampling import in_order
from workers.trainer.evaluation.predict import Predictions
from workers.trainer.progress import OnProgress, Throttled, silent

_BATCH: Final = 16


def labels_of(model: Model) -> tuple[str, ...]:
    """Each once: nothing keeps a card from calling two classes by one name."""
    return tuple(dict.fromkeys(model.labels))


def look_served(
    model: Model,
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    classified: bool = True,
    loaders: int = 0,
    on_progress: OnProgress = silent,
) -> Predictions:
    """What `model` says of each example, with the probabilities of all its labels.

    `labels` are those of the data where `classified` is false, and else the model's. `loaders` processes
    decode, 0 for none beside this one. Raises InvalidRequest for no example, and TusouError for a vector that
    is none.
    """
    if not examples:
        raise InvalidRequest("there is no picture to evaluate with")
    pictures = Pictures(examples, labels, view("none", model.preprocess), seed=0)
    tell = Throttled(on_progress)
    column = {label: n for n, label in enumerate(labels)}
    chances = np.zeros((len(examples), len(labels) if classified else 0), np.float32)
    vectors = np.empty((len(examples), model.dim), np.float32)
    done = 0
    for pixels, _, _ in loaded(pictures, in_order(len(pictures)), size=_BATCH, loaders=loaders):
        for one in embed(model, list(pixels.numpy()), top=len(model.labels) if classified else 0):
            if not np.isfinite(one.vector).all():
                raise TusouError(f"{model.name} has no vector of {examples[done].name}", code="model_failed")
            vectors[done] = one.vector
            for label, chance in one.probabilities if classified else ():
                chances[done, column[label]] += chance
            done += 1
        tell({"event": "looking", "done": done, "of": len(examples)})
    numbers = (np.array(each, np.int64) for each in (pictures.label_numbers, pictures.group_numbers))
    return Predictions(chances, vectors, *numbers)
