"""One training from its first epoch to its best network: stages of epochs, a checkpoint after each."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from shared.errors import TusouError
from workers.models.networks.blocks import BlockNetwork
from workers.models.networks.build import build, preprocess_of
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.weights.find import FetchObject
from workers.trainer.course import Course, Epoch
from workers.trainer.data.augment import view
from workers.trainer.data.parts import Parts
from workers.trainer.data.pictures import Pictures
from workers.trainer.hardware import Hardware
from workers.trainer.progress import OnProgress, Throttled, silent
from workers.trainer.recipes.recipe import Recipe, Stage
from workers.trainer.seeds import repeatable, seed_of
from workers.trainer.training.activations import keep
from workers.trainer.training.checkpoint import Checkpoint, Checkpoints, optimizer_state, restore_optimizer
from workers.trainer.training.feeds import Feed
from workers.trainer.training.freezing import first_learning, freeze
from workers.trainer.training.learner import Learner, State
from workers.trainer.training.losses import Objective
from workers.trainer.training.optimizers import make_optimizer, set_rate, step
from workers.trainer.training.validation import check_watched, validate


@dataclass(frozen=True, eq=False)
class Trained:
    """The network of the best epoch, in eval mode; `facts` say how it came about."""

    network: BlockNetwork
    preprocess: Preprocess
    labels: tuple[str, ...]
    course: Course
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Run:
    """What does not change from epoch to epoch."""

    recipe: Recipe
    hardware: Hardware
    learner: Learner
    train: Feed
    validation: Feed
    checkpoints: Checkpoints
    on_progress: OnProgress


def train(
    parts: Parts,
    recipe: Recipe,
    folder: Path,
    *,
    hardware: Hardware,
    weights: str = "",
    fetch_object: FetchObject | None = None,
    on_progress: OnProgress = silent,
) -> Trained:
    """Learn from `parts` as `recipe` says; checkpoints and curves.jsonl lie in `folder`.

    A folder that holds a checkpoint of the same training is gone on from, to the same result. `weights`
    and `fetch_object` are where published weights are, as `networks.build` takes them. Raises Conflict for
    another training's folder, InvalidRequest where the validation part cannot give what the recipe watches.
    """
    check_watched(recipe, parts.validation)
    with repeatable(hardware.device):
        run = _prepare(parts, recipe, folder, hardware, (weights, fetch_object), on_progress)
        saved = run.checkpoints.read()
        if saved is None:
            course, best = Course(), run.learner.snapshot()
        else:
            course, best = saved.course, saved.best
            run.learner.load_state_dict(saved.learner)
        on_progress({"event": "started", "resumed_at": course.done, "labels": len(parts.labels)})
        while course.stage < len(recipe.stages):
            course, best = _stage(run, course, best, saved.optimizer if saved and course.epoch else {})
            saved = None
        run.learner.load_state_dict(best)
    network = run.learner.network.eval().requires_grad_(False)
    on_progress({"event": "finished", "epochs": course.done, "best_epoch": course.best_epoch})
    return Trained(
        network, run.train.pictures.view.preprocess, parts.labels, course, _facts(parts, recipe, run, course)
    )


def _prepare(
    parts: Parts,
    recipe: Recipe,
    folder: Path,
    hardware: Hardware,
    published: tuple[str, FetchObject | None],
    on_progress: OnProgress,
) -> _Run:
    weights, fetch_object = published
    torch.manual_seed(seed_of(recipe.seed, "first numbers"))
    network = build(
        recipe.network,
        classes=len(parts.labels) if recipe.classification_weight > 0 else 0,
        dim=recipe.dim,
        dropout=recipe.dropout,
        weights=weights if recipe.pretrained else None,
        fetch_object=fetch_object,
    )
    preprocess = preprocess_of(recipe.network, recipe.side, keep_margin=recipe.keep_margin)
    learnt = Pictures(parts.train, parts.labels, view(recipe.augmentation, preprocess), recipe.seed)
    validated = Pictures(parts.validation, parts.labels, view("none", preprocess), recipe.seed)
    objective = Objective(
        recipe, labels=len(parts.labels), groups=len(set(learnt.group_numbers)), dim=network.dim
    )
    learner = Learner(network, objective).to(hardware.device)
    if hardware.device == "cuda":
        learner = learner.to(memory_format=torch.channels_last)
    identity = {"recipe": recipe.sha256(), "data": parts.sha256(), "device": hardware.device}
    return _Run(
        recipe,
        hardware,
        learner,
        Feed(learnt, recipe, hardware),
        Feed(validated, recipe, hardware),
        Checkpoints(folder, identity),
        on_progress,
    )


def _stage(run: _Run, course: Course, best: State, optimizer_was: State) -> tuple[Course, State]:
    """All epochs that are left of the stage; the next one starts from the best network so far."""
    stage = run.recipe.stages[course.stage]
    if _is_over(course, run.recipe):
        return course.next_stage(), best
    began = time.perf_counter()  # what is computed before the first epoch counts as part of it
    network = run.learner.network
    if course.epoch == 0:
        run.learner.load_state_dict(best)
    start = first_learning(network, stage.blocks)
    feed = keep(run.train, network, start, min(stage.views, stage.epochs), run.on_progress)
    validated = keep(run.validation, network, start, stage.views, run.on_progress)
    freeze(network, start, keep_statistics=run.recipe.keep_statistics)
    optimizer = make_optimizer(run.learner, stage, run.recipe)
    restore_optimizer(optimizer, optimizer_was)
    run.on_progress({"event": "stage", "stage": course.stage, "blocks": len(network.blocks) - start})
    while not _is_over(course, run.recipe):
        rate, loss = _epoch(run, course, stage, feed, optimizer)
        figures = validate(network, validated)
        # That of the learning is from before its last step.
        _check_loss(course, figures.get("loss", 0.0))
        ended = time.perf_counter()
        epoch = Epoch(course.done, course.stage, rate, loss, figures, seconds=round(ended - began, 3))
        began = ended
        course = course.after(epoch, figures.get(run.recipe.watch))
        now = run.learner.snapshot()
        best = now if course.best_epoch == epoch.number else best
        run.checkpoints.write(Checkpoint(course, now, best, optimizer_state(optimizer)))
        run.on_progress({"event": "epoch", **asdict(epoch)})
    return course.next_stage(), best


def _is_over(course: Course, recipe: Recipe) -> bool:
    return course.epoch >= recipe.stages[course.stage].epochs or course.stale >= recipe.patience


def _epoch(
    run: _Run, course: Course, stage: Stage, feed: Feed, optimizer: torch.optim.Optimizer
) -> tuple[float, float]:
    """The rate of its last step and the mean loss."""
    torch.manual_seed(seed_of(run.recipe.seed, "epoch", course.done))
    start = first_learning(run.learner.network, stage.blocks)
    freeze(run.learner.network, start, keep_statistics=run.recipe.keep_statistics)
    tell = Throttled(run.on_progress)
    total, rate, count = torch.zeros((), device=run.hardware.device), 0.0, 0
    steps = feed.steps()
    for count, batch in enumerate(feed.epoch(course.done), start=1):
        done = course.epoch * steps + count - 1
        rate = set_rate(optimizer, stage, done, stage.epochs * steps, run.recipe.warmup)
        loss = run.learner(batch, feed.start)
        step(optimizer, loss, run.learner, run.recipe.clip_norm)
        total += loss.detach()
        if tell.due():  # a GPU waits for whoever reads its numbers
            number = {"epoch": course.done, "step": count, "steps": steps}
            tell({"event": "step", **number, "loss": loss.item()})
    mean = float(total) / max(1, count)
    _check_loss(course, mean)
    return rate, mean


def _check_loss(course: Course, loss: float) -> None:
    if not math.isfinite(loss):
        raise TusouError(f"epoch {course.done} ended with a loss of {loss}: lower the rate", code="diverged")


def _facts(parts: Parts, recipe: Recipe, run: _Run, course: Course) -> dict[str, Any]:
    return {
        "recipe": recipe.as_json(),
        "data_sha256": parts.sha256(),
        "pictures": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "left_out": len(parts.left_out),
        "epochs": course.done,
        "best_epoch": course.best_epoch,
        "best": course.best,
        "train_s": round(sum(epoch.seconds for epoch in course.history), 1),
        "device": run.hardware.device,
        "torch": torch.__version__,
    }
