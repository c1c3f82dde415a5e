"""Where a training stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One point of the curves. `loss` is the training's mean; `validation` is empty without such a part."""

    number: int
    stage: int
    rate: float
    loss: float
    validation: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class Course:
    """`epoch` epochs of stage `stage` are done, `stale` of them since the watched figure was last raised."""

    stage: int = 0
    epoch: int = 0
    stale: int = 0
    best: float | None = None
    best_epoch: int = 0
    history: tuple[Epoch, ...] = ()

    @property
    def done(self) -> int:
        """Epochs of all stages; the number of the next one."""
        return len(self.history)

    def after(self, epoch: Epoch, score: float | None) -> Course:
        """With one epoch more; `score` is the watched figure, None where nothing is watched."""
        better = score is None or self.best is None or score > self.best
        return replace(
            self,
            epoch=self.epoch + 1,
            stale=0 if better else self.stale + 1,
            best=score if better else self.best,
            best_epoch=epoch.number if better else self.best_epoch,
            history=(*self.history, epoch),
        )

    def next_stage(self) -> Course:
        return replace(self, stage=self.stage + 1, epoch=0, stale=0)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def course_from_json(values: Mapping[str, Any]) -> Course:
    return Course(**{**values, "history": tuple(Epoch(**epoch) for epoch in values["history"])})
