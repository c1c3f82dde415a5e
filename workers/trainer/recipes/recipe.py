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

# Far above what any training has a use for: what is larger would end in torch's own words, or without memory.
_MOST_NUMBER: Final = 1e6
_MOST_COUNT: Final = 100_000
_MOST_SIDE: Final = 4_096

Count = Annotated[int, Ge(1), Le(_MOST_COUNT)]
CountFrom0 = Annotated[int, Ge(0), Le(_MOST_COUNT)]
Side = Annotated[int, Ge(1), Le(_MOST_SIDE)]
Positive = Annotated[float, Gt(0), Le(_MOST_NUMBER)]
From0 = Annotated[float, Ge(0), Le(_MOST_NUMBER)]


@dataclass(frozen=True)
class Stage:
    """Some epochs in which the head and the last `blocks` blocks learn (None: all), the others being frozen.

    `rate` is the head's learning rate at its highest, `body_rate` that of the blocks as a share of it. With
    `views` > 0 what the frozen blocks give is computed once for so many views of each picture and kept:
    epoch e then takes view e mod `views`.
    """

    epochs: Count
    rate: Positive
    blocks: CountFrom0 | None = None
    body_rate: From0 = 1.0
    views: CountFrom0 = 0

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Recipe:
    """`network` is a name of `networks.catalogue`; `pretrained` says whether its blocks start from weights.

    With `keep_statistics` batch normalisation goes on with the means and variances that came with them.

    `side` is that of the square input in pixels, `dim` the width of the embedding; None leaves them to the
    network. With `keep_margin` the square is as wide as the picture's short side; the margin that published
    preprocessing cuts off, an eighth mostly, is seen too.

    `classification_weight` and `metric_weight` weigh cross-entropy and metric loss in their sum; with 0 of
    the first a network has no classifier. `metric_target` is what the metric loss tells apart: label or group
    (product, or a photo of its own); its proxies learn `proxy_rate` times as fast as the head. With
    `per_class` > 0 a batch has so many pictures of each class (PK sampling).

    `warmup` is the share of a stage's steps in which the rate rises, `patience` the epochs without a better
    figure after which a stage ends. `watch` is the figure of the validation part by which the best epoch is
    chosen: accuracy, or r1 (see `training.validation`); with "none", and without such a part, it is the last.
    """

    network: str
    stages: tuple[Stage, ...]
    pretrained: bool = False
    keep_statistics: bool = False
    side: Side | None = None
    keep_margin: bool = False
    dim: Count | None = None
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    batch: Annotated[int, Ge(2), Le(_MOST_COUNT)] = 64
    augmentation: str = "none"
    classification_weight: From0 = 1.0
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1
    metric_loss: str = "none"
    metric_weight: From0 = 1.0
    metric_target: str = "label"
    proxy_rate: Positive = 10.0
    per_class: CountFrom0 = 0
    optimizer: str = "adamw"
    weight_decay: From0 = 0.01
    warmup: Annotated[float, Ge(0), Le(1)] = 0.1
    clip_norm: Positive = 5.0
    patience: Count = 5
    watch: str = "accuracy"
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    def __post_init__(self) -> None:
        _one_of("metric_loss", self.metric_loss, METRIC_LOSSES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("augmentation", self.augmentation, AUGMENTATIONS)
        _one_of("watch", self.watch, WATCHED)
        _one_of("metric_target", self.metric_target, ("label", "group"))
        if not self.stages:
            raise InvalidRequest("a recipe needs a stage")
        if self.classification_weight <= 0 and self.metric_loss == "none":
            raise InvalidRequest("a recipe needs a loss: classification_weight > 0, or a metric_loss")
        if self.classification_weight <= 0 and self.watch == "accuracy":
            raise InvalidRequest("without a classifier there is no accuracy to watch: watch r1, or none")

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
