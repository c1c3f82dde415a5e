"""What a job's progress says of a training."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from workers.trainer.job.curve import Curve


def epoch(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "stage": 0,
        "rate": 0.1,
        "loss": 1.0,
        "validation": {"accuracy": 0.5, "loss": 2.0},
        "seconds": 3.0,
    }


def step(number: int) -> dict[str, Any]:
    return {"event": "step", "epoch": 0, "step": number, "steps": 9, "loss": 1.5}


def told(curve_of: int = 2) -> tuple[Curve, list[dict[str, Any]]]:
    saved: list[dict[str, Any]] = []
    return Curve(lambda progress: saved.append(copy.deepcopy(progress)), curve_of), saved


def test_each_epoch_is_a_point_of_the_curve() -> None:
    curve, saved = told()
    curve({"event": "epoch", **epoch(0)})
    curve({"event": "epoch", **epoch(1)})
    assert (saved[-1]["epoch"], saved[-1]["epochs"]) == (2, 2)
    point = {
        "epoch": 1,
        "stage": 0,
        "loss": 1.0,
        "validation": {"accuracy": 0.5, "loss": 2.0},
        "seconds": 3.0,
    }
    assert saved[-1]["curve"][1] == point


def test_steps_are_saved_seldom() -> None:
    """A thousand steps a second must not become a thousand transactions."""
    curve, saved = told()
    for number in range(1000):
        curve(step(number))
    assert len(saved) < 10
    assert (saved[0]["step"], saved[0]["loss"]) == (0, 1.5)


def test_a_curve_goes_on_from_the_epochs_before() -> None:
    curve, saved = told()
    curve.begin_with([epoch(0)])
    curve({"event": "started", "resumed_at": 1, "labels": 3})
    assert [point["epoch"] for point in saved[-1]["curve"]] == [0]
    assert saved[-1]["epoch"] == 1


def test_what_saving_raises_ends_the_training() -> None:
    def refuse(_: dict[str, Any]) -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError):
        Curve(refuse, 1)(step(0))
