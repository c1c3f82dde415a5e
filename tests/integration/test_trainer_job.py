"""A training as a job, in process: from a catalogue's photos to a model that a worker loads by its name."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import event, insert, select, update

pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# These need torch, so they follow the skip where there is none.
from shared.db import schema
from shared.db.engine import Database, now
from shared.db.tables import images, jobs, products
from shared.errors import Unavailable
from shared.ids import new_id, random_id
from shared.jobs import ends, store
from shared.jobs.kinds import JobKind
from shared.models import registry
from shared.models.stored import StoredModels
from shared.settings import Settings
from shared.storage import owners
from shared.storage.folder import FolderStore
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.topology import LEARN
from tests.fakes import FakeNotifier
from tests.trainer_rig import picture
from workers.models.registry import load_model
from workers.models.weights.find import STORE_PREFIX
from workers.trainer.job import story
from workers.trainer.job.deps import Trainer
from workers.trainer.job.loop import Trainings
from workers.trainer.job.photos import lay_down
from workers.trainer.progress import OnProgress

TENANT = "shop"
CHANGES = {"network": "digits", "batch": 8, "stages": [{"epochs": 3, "rate": 0.003}], "dim": 16}


class Rig:
    def __init__(self, home: Path) -> None:
        self.db = Database(f"sqlite:///{home / 'tusou.db'}")
        schema.migrate(self.db)
        self.store = MemoryStore()
        self.home = home
        self.notifier = FakeNotifier()
        self.trainer = self.make_trainer()

    def make_trainer(self, process: str = "trainer-1") -> Trainer:
        settings = Settings(home=self.home, process=process, device="cpu")
        return Trainer(settings, self.db, self.store, self.notifier)

    def product(self, label: int, number: int, *, category: bool = True, ready: bool = True) -> None:
        """A product with one photo, as an import leaves it."""
        content = io.BytesIO()
        Image.fromarray(picture(label, number)).convert("RGB").save(content, "PNG")
        stored = self.store.put(new_name("images", TENANT, self.db.clock()), content.getvalue())
        product_id = f"{label}/{number}"
        attributes = {"category": f"bar {label}"} if category else {}
        with self.db.write() as c:
            owners.own(c, TENANT, [stored])
            c.execute(
                insert(products).values(
                    tenant=TENANT, id=product_id, catalog="default", attributes=attributes, orders={},
                    images_order=[1, 1], accepted_no=1, created_at=now(), updated_at=now(),
                )
            )  # fmt: skip
            c.execute(
                insert(images).values(
                    id=random_id(), tenant=TENANT, product_id=product_id, line=1, position=0, state="ready",
                    normalised=stored.name if ready else None, created_at=now(),
                )
            )  # fmt: skip

    def ask(self, **changes: Any) -> str:
        """A POST, as the gateway accepts it; returns the job's id."""
        request = {"name": "bars", "catalog": "default", "recipe": "digits", "seed": 0, "changes": CHANGES}
        job_id = new_id()
        with self.db.write() as c:
            store.accept(
                c, job_id=job_id, tenant=TENANT, kind=JobKind.TRAINING, stage=LEARN,
                request=request | changes, due_in=5, catalog="default",
            )  # fmt: skip
        return job_id

    def job(self, job_id: str) -> Any:
        with self.db.read() as c:
            return c.execute(select(jobs).where(jobs.c.id == job_id)).one()

    def look(self, trainer: Trainer | None = None) -> None:
        Trainings(trainer or self.trainer).look()

    def models(self) -> list[registry.Entry]:
        with self.db.read() as c:
            return registry.listing(c)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    for label in range(3):
        for number in range(20):
            rig.product(label, number)
    yield rig
    rig.db.close()


def at_epoch(number: int, then: Callable[[], None]) -> Callable[..., Any]:
    """`train_artefact` that calls `then` when epoch `number` has ended."""
    plain = story.train_artefact

    def train(*args: Any, on_progress: OnProgress, **options: Any) -> Any:
        def watched(event: dict[str, Any]) -> None:
            if event["event"] == "epoch" and event["number"] == number:
                then()
            on_progress(event)

        return plain(*args, on_progress=watched, **options)

    return train


def test_a_training_ends_with_a_model_that_a_worker_serves_by_its_name(rig: Rig) -> None:
    rig.product(0, 99, category=False)
    rig.product(1, 98, ready=False)
    job_id = rig.ask()
    rig.look()

    job = rig.job(job_id)
    assert (job.state, job.error) == ("succeeded", None)
    (entry,) = rig.models()
    assert (job.result["name"], job.result["version"], job.result["labels"]) == ("bars", 1, 3)
    assert job.result["fingerprint"] == entry.fingerprint
    assert job.result["evaluation"]["accuracy"] >= 0.8
    assert entry.facts["training"]["pictures"] == {"train": 48, "validation": 6, "test": 6}
    assert [point["epoch"] for point in job.progress["curve"]] == [0, 1, 2]
    assert rig.notifier.done == [job_id]
    assert list(rig.trainer.folder.iterdir()) == []
    model = load_model("bars@1", weights=None, fetch_object=StoredModels(rig.db, rig.store))
    assert (model.name, model.fingerprint, model.dim) == ("bars@1", entry.fingerprint, 16)


def test_published_weights_may_lie_in_the_object_store(rig: Rig) -> None:
    import torch
    from torchvision.models import mobilenet_v3_small

    weights = io.BytesIO()
    torch.save(mobilenet_v3_small().state_dict(), weights)
    rig.store.put(f"{STORE_PREFIX}mobilenet_v3_small.pth", weights.getvalue())
    stages = [{"epochs": 1, "rate": 0.001, "blocks": 0}]
    changes = {"network": "mobilenet_v3_small", "side": 64, "batch": 8, "stages": stages}
    job_id = rig.ask(recipe="transfer", changes=changes)

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TORCH_HOME", str(rig.home / "nothing"))
        rig.look()

    job = rig.job(job_id)
    assert (job.state, job.error) == ("succeeded", None)


def test_a_trainer_that_stops_hands_back_and_the_next_goes_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = rig.ask()
    with monkeypatch.context() as patch:
        patch.setattr(story, "train_artefact", at_epoch(1, rig.trainer.stopping.set))
        rig.look()
    job = rig.job(job_id)
    assert (job.state, job.lease_until, job.losses_alone) == ("running", None, 0)
    (folder,) = rig.trainer.folder.iterdir()
    assert json.loads((folder / "run" / "checkpoint.json").read_bytes())["course"]["epoch"] == 2

    rig.product(0, 50)  # what is learnt from was laid down before
    rig.look(rig.make_trainer("trainer-2"))
    job = rig.job(job_id)
    assert job.state == "succeeded", job.error
    assert [point["epoch"] for point in job.progress["curve"]] == [0, 1, 2]


def test_a_cancelled_training_ends_and_leaves_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = rig.ask()

    def cancel() -> None:
        with rig.db.write() as c:
            ends.cancel(c, TENANT, job_id, keep_for=60)

    monkeypatch.setattr(story, "train_artefact", at_epoch(0, cancel))
    rig.look()
    assert rig.job(job_id).state == "cancelled"
    assert rig.models() == []
    assert list(rig.trainer.folder.iterdir()) == []


def test_a_training_taken_over_by_another_pushes_no_model(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was paused wakes after its epochs, when its attempt is no longer the job's."""
    job_id = rig.ask()

    def overtaken() -> None:
        with rig.db.write() as c:
            c.execute(update(jobs).values(attempt=jobs.c.attempt + 1))

    plain = story.train_artefact

    def train(*args: Any, **options: Any) -> Any:
        made = plain(*args, **options)
        overtaken()
        return made

    monkeypatch.setattr(story, "train_artefact", train)
    rig.look()
    assert rig.job(job_id).state == "running"
    assert rig.models() == []
    assert [folder.name for folder in rig.trainer.folder.iterdir()] == [job_id]


def test_a_model_that_was_trained_but_not_pushed_is_pushed_by_the_next_attempt(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away: the training is put off, and not done again."""
    job_id = rig.ask()

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the object store is away")

    with monkeypatch.context() as patch:
        patch.setattr(story.registry, "push", away)
        rig.look()
    assert (rig.job(job_id).state, rig.job(job_id).tries) == ("running", 1)
    with rig.db.write() as c:
        c.execute(update(jobs).values(due_at=now() - 1))
    monkeypatch.setattr(story, "train_artefact", away)
    rig.look()
    assert rig.job(job_id).state == "succeeded"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"recipe": "nonsense"}, "there is no recipe"),
        ({"changes": {"epochs": 3}}, "this is no recipe"),
        ({"changes": CHANGES | {"network": "perceptron"}}, "perceptron"),
    ],
)
def test_a_recipe_that_is_none_fails_the_job(rig: Rig, changes: dict[str, Any], detail: str) -> None:
    job_id = rig.ask(**changes)
    rig.look()
    job = rig.job(job_id)
    assert (job.state, job.error["code"], job.error["retryable"]) == ("failed", "invalid_request", False)
    assert detail in job.error["detail"]


def test_a_surprise_fails_the_job_for_a_retry(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = rig.ask()

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(story, "train_artefact", broken)
    rig.look()
    job = rig.job(job_id)
    assert (job.state, job.error["code"], job.error["retryable"]) == ("failed", "internal", True)


def test_a_process_that_is_told_to_stop_mid_epoch_hands_back_and_its_successor_goes_on(rig: Rig) -> None:
    """Rows are enough: the broker here is the process's own memory, and brings no nudge."""
    job_id = rig.ask(changes=CHANGES | {"stages": [{"epochs": 5000, "rate": 0.003}], "patience": 5000})
    objects = rig.home / "objects"
    folder = FolderStore(objects)
    folder.ensure()
    for name in list(rig.store.list("images/")):
        folder.put(name, rig.store.objects[name])
    environment = {
        **os.environ,
        "TUSOU_HOME": str(rig.home),
        "TUSOU_BROKER_URL": "memory://",
        "TUSOU_REDIS_URL": "redis://127.0.0.1:1/0",
        "TUSOU_DEVICE": "cpu",
    }
    runs_and_is_told_to_stop(rig, job_id, environment, points=2)
    job = rig.job(job_id)
    assert (job.state, job.lease_until, job.claimed_by, job.suspect) == ("running", None, None, False)
    before = job.progress["curve"]

    runs_and_is_told_to_stop(rig, job_id, environment, points=len(before) + 2)
    job = rig.job(job_id)
    assert (job.state, job.lease_until, job.claimed_by, job.losses_alone) == ("running", None, None, 0)
    # With the seconds that each took: no epoch was done again.
    assert job.progress["curve"][: len(before)] == before
    assert [point["epoch"] for point in job.progress["curve"]] == [*range(len(job.progress["curve"]))]


def runs_and_is_told_to_stop(rig: Rig, job_id: str, environment: dict[str, str], *, points: int) -> None:
    """A trainer's process, until its training has so many epochs behind it, and is in the next one."""
    process = subprocess.Popen([sys.executable, "-P", "-m", "workers.trainer"], env=environment)
    try:
        until(lambda: len((rig.job(job_id).progress or {}).get("curve", ())) >= points)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def until(there: Callable[[], bool], patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not there():
        assert time.monotonic() < deadline, "not there in time"
        time.sleep(0.1)


def test_the_statements_for_a_catalogue_do_not_grow_with_its_photos(rig: Rig, tmp_path: Path) -> None:
    asked: list[str] = []
    event.listen(
        rig.db.engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement)
    )
    lay_down(rig.db, rig.store, TENANT, "default", tmp_path / "few")
    few = len(asked)
    for number in range(20, 40):
        rig.product(0, number)
    asked.clear()
    manifest = lay_down(rig.db, rig.store, TENANT, "default", tmp_path / "more")
    assert len(manifest.read_text().splitlines()) == 80
    assert len(asked) == few


def test_without_a_training_a_look_does_nothing(rig: Rig) -> None:
    rig.look()
    assert rig.models() == []
