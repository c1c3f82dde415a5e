"""What is decided before a training begins; with the data and the seed it fixes the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from shared.errors import InvalidRequest
from workers.trainer.data.augment import NAMES as AUGMENTATIONS

METRIC_LOSSES: Final = ("none", "softmax", "arcface", "proxy_anchor")
OPTIMIZERS: Final = ("adamw", "sgd")
WATCHED: Final = ("accuracy", "r1", "none")


@dataclass(frozen=True)
class Stage:
    """Some epochs in which the head and the last `blocks` blocks learn (None: all), the others being frozen.

    `rate` is the head's learning rate at its highest, `body_rate` that of the blocks as a share of it. With
    `views` > 0 what the frozen blocks give is computed once for so many views of each picture and kept:
    epoch e then takes view e mod `views`.
    """

    epochs: int
    rate: float
    blocks: int | None = None
    body_rate: float = 1.0
    views: int = 0


@dataclass(frozen=True)
class Recipe:
    """`network` is a name of `networks.catalogue`; `pretrained` says whether its blocks start from weights.

    `classify` and `metric_weight` weigh cross-entropy and metric loss in their sum. `per_class` > 0 draws so
    many pictures of each class in a batch (PK sampling). `target` is what the metric loss tells apart: label
    or group (product, or a photo of its own). `watch` is the figure of the validation part by which the best
    epoch is chosen; with "none" it is the last. Without `classify` a network has no classifier.
    """

    network: str
    stages: tuple[Stage, ...]
    pretrained: bool = False
    side: int | None = None
    dim: int | None = None
    dropout: float = 0.0
    batch: int = 64
    augmentation: str = "none"
    classify: float = 1.0
    smoothing: float = 0.1
    metric: str = "none"
    metric_weight: float = 1.0
    target: str = "label"
    proxy_rate: float = 10.0
    per_class: int = 0
    optimizer: str = "adamw"
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip_norm: float = 5.0
    patience: int = 5
    watch: str = "accuracy"
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("metric", self.metric, METRIC_LOSSES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("augmentation", self.augmentation, AUGMENTATIONS)
        _one_of("watch", self.watch, WATCHED)
        _one_of("target", self.target, ("label", "group"))
        if not self.stages or min(stage.epochs for stage in self.stages) < 1 or self.batch < 1:
            raise InvalidRequest("a recipe needs a stage of one epoch and a batch of one picture at least")
        if self.classify <= 0 and self.metric == "none":
            raise InvalidRequest("a recipe needs a loss: classify > 0, or a metric loss")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()


def recipe_from_json(values: Mapping[str, Any]) -> Recipe:
    """What `as_json` made, or a person wrote. Raises InvalidRequest for unknown or missing fields."""
    try:
        stages = tuple(Stage(**stage) for stage in values["stages"])
        return Recipe(**{**values, "stages": stages})
    except (TypeError, KeyError) as error:
        known = ", ".join(field.name for field in fields(Recipe))
        raise InvalidRequest(f"this is no recipe: {error}; its fields are {known}") from error


def _one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidRequest(f"{field} is {value!r}; it can be {', '.join(known)}")
