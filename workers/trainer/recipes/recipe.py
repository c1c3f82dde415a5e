"""What is decided before a training begins; with the data and the seed it fixes the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Final

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ConfigDict, TypeAdapter, ValidationError

from shared.errors import InvalidRequest
from workers.trainer.data.augment import NAMES as AUGMENTATIONS

METRIC_LOSSES: Final = ("none", "softmax", "arcface", "proxy_anchor")
OPTIMIZERS: Final = ("adamw", "sgd")
WATCHED: Final = ("accuracy", "r1", "none")

Count = Annotated[int, Ge(1)]
Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Stage:
    """Some epochs in which the head and the last `blocks` blocks learn (None: all), the others being frozen.

    `rate` is the head's learning rate at its highest, `body_rate` that of the blocks as a share of it. With
    `views` > 0 what the frozen blocks give is computed once for so many views of each picture and kept:
    epoch e then takes view e mod `views`.
    """

    epochs: Count
    rate: Positive
    blocks: Annotated[int, Ge(0)] | None = None
    body_rate: Annotated[float, Ge(0)] = 1.0
    views: Annotated[int, Ge(0)] = 0

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Recipe:
    """`network` is a name of `networks.catalogue`; `pretrained` says whether its blocks start from weights.

    With `keep_statistics` batch normalisation goes on with the means and variances that came with them.

    `classify` and `metric_weight` weigh cross-entropy and metric loss in their sum. `per_class` > 0 draws so
    many pictures of each class in a batch (PK sampling). `target` is what the metric loss tells apart: label
    or group (product, or a photo of its own). `watch` is the figure of the validation part by which the best
    epoch is chosen; with "none" it is the last. Without `classify` a network has no classifier.
    """

    network: str
    stages: tuple[Stage, ...]
    pretrained: bool = False
    keep_statistics: bool = False
    side: Count | None = None
    dim: Count | None = None
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    batch: Annotated[int, Ge(2)] = 64
    augmentation: str = "none"
    classify: Annotated[float, Ge(0)] = 1.0
    smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1
    metric: str = "none"
    metric_weight: Annotated[float, Ge(0)] = 1.0
    target: str = "label"
    proxy_rate: Positive = 10.0
    per_class: Annotated[int, Ge(0)] = 0
    optimizer: str = "adamw"
    weight_decay: Annotated[float, Ge(0)] = 0.01
    warmup: Annotated[float, Ge(0), Le(1)] = 0.1
    clip_norm: Positive = 5.0
    patience: Count = 5
    watch: str = "accuracy"
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    def __post_init__(self) -> None:
        _one_of("metric", self.metric, METRIC_LOSSES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("augmentation", self.augmentation, AUGMENTATIONS)
        _one_of("watch", self.watch, WATCHED)
        _one_of("target", self.target, ("label", "group"))
        if not self.stages:
            raise InvalidRequest("a recipe needs a stage")
        if self.classify <= 0 and self.metric == "none":
            raise InvalidRequest("a recipe needs a loss: classify > 0, or a metric loss")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()


def recipe_from_json(values: Mapping[str, Any]) -> Recipe:
    """What `as_json` made, or a person wrote. Raises InvalidRequest for fields that cannot be."""
    try:
        return _RECIPE.validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        wrong = "; ".join(f"{_path(e['loc'])}: {e['msg']}" for e in error.errors(include_url=False))
        known = ", ".join(field.name for field in fields(Recipe))
        raise InvalidRequest(f"this is no recipe: {wrong}. Its fields are {known}") from error


_RECIPE: Final = TypeAdapter(Recipe)


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


def _one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidRequest(f"{field} is {value!r}; it can be {', '.join(known)}")
