"""A training from end to end on pictures that a second suffices for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")

# E402: these need torch, so they follow the skip where there is none.
from shared.errors import Conflict, InvalidRequest, ObjectCorrupt, TusouError  # noqa: E402
from tests.trainer_rig import bars, examples  # noqa: E402
from workers.trainer.data.parts import make_parts  # noqa: E402
from workers.trainer.evaluation.evaluate import look  # noqa: E402
from workers.trainer.hardware import Hardware  # noqa: E402
from workers.trainer.recipes.recipe import Recipe, Stage  # noqa: E402
from workers.trainer.training.checkpoint import Checkpoints  # noqa: E402
from workers.trainer.training.train import Trained, train  # noqa: E402

CPU = Hardware("cpu")
RECIPE = Recipe("digits", (Stage(3, 3e-3),), batch=12, augmentation="digits", dropout=0.2, dim=16)
STAGED = replace(
    RECIPE, stages=(Stage(2, 3e-3), Stage(2, 3e-3, blocks=0, views=2), Stage(2, 1e-3, blocks=1, views=1))
)


class KilledError(Exception):
    """What a test throws into a training."""


def _state(trained: Trained) -> dict[str, Any]:
    return dict(trained.network.state_dict())


def _same(one: Trained, other: Trained) -> bool:
    a, b = _state(one), _state(other)
    return all(torch.equal(a[key], b[key]) for key in a)


def _train(folder: Path, recipe: Recipe = RECIPE, **options: Any) -> Trained:
    return train(options.pop("parts", bars()), recipe, folder, hardware=CPU, **options)


def _accuracy(trained: Trained) -> float:
    parts = bars()
    found = look(
        trained.network, parts.test, labels=parts.labels, preprocess=trained.preprocess, hardware=CPU
    )
    return found.accuracy


def test_it_learns(tmp_path: Path) -> None:
    trained = _train(tmp_path)

    assert _accuracy(trained) >= 0.9
    assert trained.course.history[-1].loss < trained.course.history[0].loss
    assert trained.facts["pictures"] == {"train": 72, "validation": 24, "test": 24}


@pytest.mark.parametrize("recipe", [RECIPE, STAGED], ids=["one stage", "stages"])
def test_the_same_seed_gives_the_same_network(tmp_path: Path, recipe: Recipe) -> None:
    assert _same(_train(tmp_path / "a", recipe), _train(tmp_path / "b", recipe))


def test_another_seed_gives_another_network(tmp_path: Path) -> None:
    assert not _same(_train(tmp_path / "a"), _train(tmp_path / "b", replace(RECIPE, seed=1)))


KILLED = {
    name: replace(STAGED, optimizer=name, metric_loss="softmax", per_class=4) for name in ("adamw", "sgd")
}


@pytest.fixture(scope="module")
def undivided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    """Trainings that nobody kills, by optimizer."""
    return {name: _train(tmp_path_factory.mktemp(name), recipe) for name, recipe in KILLED.items()}


@pytest.mark.parametrize(("kill_at", "optimizer"), [*((n, "adamw") for n in range(6)), (2, "sgd")])
def test_a_killed_training_goes_on_to_the_same_network(
    tmp_path: Path, kill_at: int, optimizer: str, undivided: dict[str, Trained]
) -> None:
    """Killed after each epoch in turn, in the middle of a stage and between two."""
    recipe = KILLED[optimizer]

    def kill(event: dict[str, Any]) -> None:
        if event["event"] == "epoch" and event["number"] == kill_at:
            raise KilledError

    with pytest.raises(KilledError):
        _train(tmp_path, recipe, on_progress=kill)
    events: list[dict[str, Any]] = []
    resumed = _train(tmp_path, recipe, on_progress=events.append)

    assert events[0]["resumed_at"] == kill_at + 1
    whole = undivided[optimizer]
    assert _same(resumed, whole)
    assert [e.loss for e in resumed.course.history] == [e.loss for e in whole.course.history]


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    first = _train(tmp_path)
    events: list[dict[str, Any]] = []

    again = _train(tmp_path, on_progress=events.append)

    assert _same(first, again)
    assert "epoch" not in {event["event"] for event in events}


@pytest.mark.parametrize("other", [{"recipe": replace(RECIPE, batch=8)}, {"parts": bars(train=20)}])
def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    _train(tmp_path)
    with pytest.raises(Conflict, match="another training's checkpoint"):
        _train(tmp_path, **other)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    _train(tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(ObjectCorrupt):
        _train(tmp_path)


@pytest.mark.parametrize(
    "pointer", ["{", "[]", '{"file": "x"}', '{"identity": {}, "sha256": "", "course": {}}']
)
def test_what_is_no_pointer_to_a_checkpoint_is_refused(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "x").touch()
    (tmp_path / "checkpoint.json").write_text(pointer)
    with pytest.raises(ObjectCorrupt, match="delete it"):
        Checkpoints(tmp_path, {}).read()


def test_one_checkpoint_is_kept_and_none_is_a_pickle(tmp_path: Path) -> None:
    _train(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint-00003.safetensors",
        "checkpoint.json",
        "curves.jsonl",
    ]


def test_curves_can_be_watched_while_it_trains(tmp_path: Path) -> None:
    lines: list[int] = []

    def watch(event: dict[str, Any]) -> None:
        if event["event"] == "epoch":
            told = [json.loads(line) for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
            lines.append(len(told))
            assert told[-1]["validation"]["accuracy"] == event["validation"]["accuracy"]

    _train(tmp_path, on_progress=watch)
    assert lines == [1, 2, 3]


def test_it_stops_when_nothing_improves(tmp_path: Path) -> None:
    """Labels of the validation part are turned round, so that learning makes it worse."""
    wrong = [replace(e, label=f"bar {(int(e.label[-1]) + 1) % 3}") for e in examples(3, 8, first=1000)]
    parts = make_parts(examples(3, 24), wrong, [])
    recipe = replace(RECIPE, stages=(Stage(30, 3e-3),), patience=2)

    course = _train(tmp_path, recipe, parts=parts).course

    assert course.done == course.best_epoch + 3 < 30


def test_the_network_of_the_best_epoch_is_kept(tmp_path: Path) -> None:
    trained = _train(tmp_path, replace(RECIPE, stages=(Stage(6, 3e-3),), patience=6))
    best = max(trained.course.history, key=lambda e: e.validation["accuracy"])
    parts = bars()
    found = look(
        trained.network, parts.validation, labels=parts.labels, preprocess=trained.preprocess, hardware=CPU
    )
    assert trained.course.best_epoch == best.number
    assert found.accuracy == best.validation["accuracy"]


def test_without_a_validation_part_the_last_epoch_wins(tmp_path: Path) -> None:
    trained = _train(tmp_path, parts=bars(validation=0))
    assert trained.course.best_epoch == 2
    assert trained.course.history[0].validation == {}


def test_a_figure_that_the_validation_part_cannot_give_is_refused_before_anything_is_learnt(
    tmp_path: Path,
) -> None:
    """Each label there has one group: none is looked for with another."""
    parts = make_parts(examples(3, 24), examples(3, 8, first=1000, group_of=2000), [])
    events: list[dict[str, Any]] = []

    with pytest.raises(InvalidRequest, match="no label has two groups"):
        _train(tmp_path, replace(RECIPE, watch="r1"), parts=parts, on_progress=events.append)
    assert events == []
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_stage_changes_the_head_alone(tmp_path: Path) -> None:
    first = _train(tmp_path / "first", replace(RECIPE, stages=RECIPE.stages[:1]))
    recipe = replace(RECIPE, stages=(*RECIPE.stages, Stage(2, 1e-3, blocks=0, views=2)), patience=99)
    events: list[dict[str, Any]] = []
    both = _train(tmp_path / "both", recipe, on_progress=events.append)

    a, b = _state(first), _state(both)
    assert [e["blocks"] for e in events if e["event"] == "stage"] == [5, 0]
    assert all(torch.equal(a[key], b[key]) for key in a if key.startswith("blocks."))


@pytest.mark.parametrize("metric", ["softmax", "arcface", "proxy_anchor"])
def test_a_metric_loss_alone_brings_a_label_together(tmp_path: Path, metric: str) -> None:
    recipe = replace(
        RECIPE,
        metric_loss=metric,
        classification_weight=0.0,
        per_class=4,
        stages=(Stage(5, 3e-3),),
        watch="r1",
    )
    trained = _train(tmp_path, recipe)
    assert trained.course.best is not None
    assert trained.course.best >= 0.9


def test_products_can_be_told_apart_instead_of_labels(tmp_path: Path) -> None:
    parts = make_parts(examples(3, 24, group_of=6), examples(3, 8, first=1000), [])
    recipe = replace(RECIPE, metric_loss="softmax", metric_target="group", per_class=3)
    trained = _train(tmp_path, recipe, parts=parts)
    assert np.isfinite(trained.course.history[-1].loss)


def test_a_training_that_runs_away_says_so(tmp_path: Path) -> None:
    recipe = replace(RECIPE, stages=(Stage(2, 1e30),), optimizer="sgd", warmup=0.0, clip_norm=1e30)
    with pytest.raises(TusouError, match="lower the rate") as told:
        _train(tmp_path, recipe)
    assert told.value.code == "diverged"


def test_a_training_that_runs_away_in_its_last_step_says_so(tmp_path: Path) -> None:
    """Its own loss was still a number: that of the validation part is none."""
    recipe = replace(RECIPE, stages=(Stage(1, 1e30),), optimizer="sgd", warmup=0.0, clip_norm=1e30, batch=72)
    with pytest.raises(TusouError, match="lower the rate"):
        _train(tmp_path, recipe)


def test_decoding_in_other_processes_changes_nothing(tmp_path: Path) -> None:
    recipe = replace(RECIPE, stages=(Stage(1, 3e-3),))
    alone = _train(tmp_path / "alone", recipe)
    helped = train(bars(), recipe, tmp_path / "helped", hardware=Hardware("cpu", loaders=1))
    assert _same(alone, helped)


def test_whoever_wants_it_to_end_is_heard_while_frozen_blocks_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes pass there before the first epoch of a network that is tuned."""
    monkeypatch.setattr("workers.trainer.progress.Throttled.due", lambda _: True)
    recipe = replace(RECIPE, stages=(Stage(2, 1e-3, blocks=1, views=2),))
    told: list[dict[str, Any]] = []

    def stop(event: dict[str, Any]) -> None:
        told.append(event)
        if event["event"] == "caching" and event["done"] >= 24:
            raise KilledError

    with pytest.raises(KilledError):
        _train(tmp_path, recipe, on_progress=stop)

    assert [event["event"] for event in told] == ["started", "caching", "caching"]
    assert told[-1] == {"event": "caching", "done": 24, "of": 144}


@pytest.mark.parametrize(("room", "views"), [(72 * 64 * 7 * 7 * 2, 1), (1000, 0)])
def test_only_what_memory_may_hold_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, views: int
) -> None:
    """One view of the 72 pictures, or none: then every batch goes through the frozen blocks again."""
    monkeypatch.setattr("workers.trainer.training.activations.MOST_BYTES", room)
    monkeypatch.setattr("workers.trainer.progress.Throttled.due", lambda _: True)
    recipe = replace(RECIPE, stages=(Stage(2, 1e-3, blocks=2, views=2),))
    told: list[dict[str, Any]] = []

    trained = _train(tmp_path, recipe, on_progress=told.append)

    kept = [event["of"] for event in told if event["event"] == "caching"]
    assert set(kept[:6]) == ({72 * views} if views else set())
    assert trained.course.done == 2
