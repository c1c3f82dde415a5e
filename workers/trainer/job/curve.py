"""What a training tells, gathered into a job's `progress`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

_EVERY_S: Final = 2.0


class Curve:
    """Called with each event; `save` gets the whole progress when an epoch ends, else every 2 s at most.

    Progress: `epoch` and `step` of `epochs` and `steps`, the `loss` of that step, and `curve`: one point an
    epoch with its `loss` and the figures of the `validation` part. What `save` raises ends the training.
    """

    def __init__(self, save: Callable[[dict[str, Any]], None], epochs: int) -> None:
        self._save = save
        self._progress: dict[str, Any] = {"epoch": 0, "epochs": epochs, "curve": []}
        self._saved_at = 0.0

    def begin_with(self, epochs: list[dict[str, Any]]) -> None:
        """Those that were done before this process, as `Epoch` in JSON."""
        self._progress["curve"] = [_point(epoch) for epoch in epochs]
        self._progress["epoch"] = len(epochs)

    def __call__(self, event: dict[str, Any]) -> None:
        if event["event"] == "epoch":
            self._progress["curve"].append(_point(event))
            self._progress["epoch"] = event["number"] + 1
        elif event["event"] == "step":
            self._progress |= {key: event[key] for key in ("step", "steps", "loss")}
        often = event["event"] in ("step", "caching")
        if not often or time.monotonic() - self._saved_at >= _EVERY_S:
            self._saved_at = time.monotonic()
            self._save(self._progress)


def _point(epoch: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": epoch["number"]} | {k: epoch[k] for k in ("stage", "loss", "validation", "seconds")}
