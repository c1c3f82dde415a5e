"""The story of a training as a job: photos laid down, learnt from, the model pushed with the job's end.

Checkpoints lie in the trainer's home, not in the object store: a trainer on another machine that takes the
job over begins anew.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from shared.db.tables import jobs
from shared.errors import LostClaim, TusouError, Unavailable
from shared.jobs import claims, ends, store
from shared.jobs.job import OPEN, Claim, State, failure
from shared.models import registry
from shared.telemetry import Timings, step
from shared.topology import STAGES
from workers.models.artefacts.artefact import Artefact
from workers.models.weights.stored import weights_in
from workers.trainer.artefacts import read_artefact
from workers.trainer.data.read import read_data
from workers.trainer.data.split import Shares
from workers.trainer.hardware import hardware
from workers.trainer.job.curve import Curve
from workers.trainer.job.deps import Trainer
from workers.trainer.job.photos import lay_down
from workers.trainer.recipes.presets import preset
from workers.trainer.recipes.recipe import Recipe, recipe_from_json
from workers.trainer.runs import MODEL, train_artefact
from workers.trainer.training.checkpoint import CURVES

log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The process is to end; the last checkpoint waits for the next one."""


def run(trainer: Trainer, claim: Claim) -> None:
    """However the training ends, the claim ends with it. Raises Unavailable (the database)."""
    folder = trainer.folder / claim.id
    try:
        with step("trainer.training", job_id=claim.id, attempt=claim.attempt, tenant=claim.tenant):
            _learn(trainer, claim, folder)
    except _StoppedError:
        with trainer.db.write() as c:
            claims.hand_back(c, trainer.settings.process, claim.id)
        return
    except LostClaim:
        log.info("training %s is no longer ours", claim.id)
    except TusouError as error:
        _ended_badly(trainer, claim, error)
    except Exception:
        log.exception("training failed", extra={"job_id": claim.id})
        detail = "an unexpected error; the log of the trainer has it"
        _fail(trainer, claim, failure("internal", detail, retryable=True))
    tidy(trainer)


def tidy(trainer: Trainer) -> None:
    """Folders of trainings that nobody can go on with are removed. Raises Unavailable."""
    folders = list(trainer.folder.iterdir()) if trainer.folder.is_dir() else []
    ids = [folder.name for folder in folders]
    with trainer.db.read() as c:
        goes_on = jobs.c.state.in_((*OPEN, State.FAILED))  # a failed one may be retried
        kept = set(c.execute(select(jobs.c.id).where(jobs.c.id.in_(ids), goes_on)).scalars())
    for folder in folders:
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _learn(trainer: Trainer, claim: Claim, folder: Path) -> None:
    timings, asked, settings = Timings(), claim.request, trainer.settings
    timings.add("queued", claim.queued_s)
    recipe = _recipe(asked)
    with timings.measure("fetch"):
        manifest = lay_down(trainer.db, trainer.store, claim.tenant, claim.catalog or "default", folder)
    run_folder = folder / "run"
    with timings.measure("train"):
        # A model that is there was made by an attempt that ended before it was pushed.
        if not (run_folder / MODEL).exists():
            shares = Shares()
            train_artefact(
                read_data(manifest, shares=shares, seed=recipe.seed),
                recipe,
                run_folder,
                name=asked["name"],
                hardware=hardware(settings.device),
                weights=settings.weights,
                fetch_object=weights_in(trainer.store, trainer.db),
                shares=shares,
                on_progress=_curve(trainer, claim, recipe, run_folder),
            )
    card = read_artefact(run_folder / MODEL).artefact

    def end(c: Connection, version: int) -> None:
        """The job's row first: the fence, and the first lock of the order."""
        done = ends.finish(
            c,
            claim.id,
            State.SUCCEEDED,
            attempt=claim.attempt,
            keep_for=settings.retention,
            result=_result(card, version),
            timings_ms=timings.ms,
        )
        if not done:
            raise LostClaim(f"job {claim.id} is no longer at attempt {claim.attempt}")

    registry.push(trainer.db, trainer.store, run_folder / MODEL, first=end)
    trainer.notifier.job_done(claim.id)


def _recipe(asked: dict[str, Any]) -> Recipe:
    """Raises InvalidRequest."""
    return recipe_from_json(preset(asked["recipe"]).as_json() | asked["changes"] | {"seed": asked["seed"]})


def _result(card: Artefact, version: int) -> dict[str, Any]:
    return {
        "name": card.name,
        "version": version,
        "fingerprint": card.fingerprint,
        "labels": len(card.labels),
        "evaluation": dict(card.evaluation),
    }


def _curve(trainer: Trainer, claim: Claim, recipe: Recipe, folder: Path) -> Curve:
    def save(progress: dict[str, Any]) -> None:
        if trainer.stopping.is_set():
            raise _StoppedError
        try:
            with trainer.db.write() as c:
                store.save_progress(c, claim.id, claim.attempt, progress)
        except Unavailable as error:  # the next one tells more, and no epoch is worth less for it
            log.warning("progress is not told: %s", error.detail)

    curve = Curve(save, epochs=sum(stage.epochs for stage in recipe.stages))
    curves = folder / CURVES
    if curves.exists():
        curve.begin_with([json.loads(line) for line in curves.read_text(encoding="utf-8").splitlines()])
    return curve


def _ended_badly(trainer: Trainer, claim: Claim, error: TusouError) -> None:
    policy = STAGES[claim.stage].retry
    if error.retryable and claim.tries < policy.tries:
        with trainer.db.write() as c:
            store.put_off(c, claim.id, claim.attempt, claim.stage, policy.wait_after(claim.tries))
        return
    _fail(trainer, claim, failure(error.code, error.detail, retryable=error.retryable))


def _fail(trainer: Trainer, claim: Claim, error: dict[str, Any]) -> None:
    with trainer.db.write() as c:
        done = ends.finish(
            c,
            claim.id,
            State.FAILED,
            attempt=claim.attempt,
            keep_for=trainer.settings.retention,
            error=error,
        )
    if done:
        trainer.notifier.job_done(claim.id)
