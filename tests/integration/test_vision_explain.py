"""The story of an explanation, without Celery: a hit in, two heat maps out."""

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, insert, select

from shared.catalog.image_rows import drop_images
from shared.db.tables import explanations, images, jobs, objects
from shared.ids import new_id
from shared.images.box import WHOLE
from shared.jobs import expiry, store
from shared.jobs.explanation_request import ExplanationRequest
from shared.jobs.job import State
from shared.jobs.kinds import JobKind
from shared.messages import JobMessage
from shared.storage import owners
from shared.topology import EXPLAIN
from tests.vision_rig import TENANT, VisionRig, picture
from workers.vision import explain, story, tasks

LONG_S = 10


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path, quality_gate=False)
    yield rig
    rig.close()


def ask(rig: VisionRig, **asked: Any) -> str:
    """A search that found a product, and the job that is to say why, as the gateway makes it."""
    search = rig.search(rig.ask(picture(1)))
    rig.set_job(search.id, state=State.SUCCEEDED)
    rig.write(rig.put("p", rig.photo("a.png", 2)))
    by_product = {row.product_id: row.id for row in rig.rows(images)}
    request = ExplanationRequest(search.id, 0, 1, by_product[None], by_product["p"], (WHOLE,))
    request = replace(request, **asked)
    job_id = new_id()
    with rig.db.write() as c:
        row = {"job_id": search.id, "item": 0, "hit": 1, "made_by": job_id}
        shown = {"query_image": request.query_image, "result_image": request.result_image}
        c.execute(insert(explanations).values(**row, **shown))
        store.accept(
            c,
            job_id=job_id,
            tenant=TENANT,
            kind=JobKind.EXPLANATION,
            stage=EXPLAIN,
            request=request.to_json(),
            due_in=5,
            fingerprint=rig.fingerprint,
        )
    return job_id


def run(rig: VisionRig, job_id: str) -> Any:
    story.run(rig.vision, rig.claim(job_id, EXPLAIN.name), explain.run)
    return rig.job(job_id)


def marked(rig: VisionRig) -> set[str]:
    return {row.name for row in rig.rows(objects) if row.removed_at is not None}


def test_an_explanation_is_two_pictures_of_the_images_sizes(rig: VisionRig) -> None:
    job = run(rig, ask(rig))
    assert (job.state, job.error) == ("succeeded", None)
    (row,) = rig.rows(explanations)
    with rig.db.read() as c:
        drawn = [owners.read(c, rig.store, name) for name in (row.query_object, row.result_object)]
    assert [Image.open(io.BytesIO(body)).size for body in drawn] == [(96, 64), (96, 64)]
    assert rig.notifier.done[-1] == job.id


def test_only_the_part_that_was_searched_with_is_coloured(rig: VisionRig) -> None:
    run(rig, ask(rig, boxes=((0.0, 0.0, 0.5, 1.0),)))
    with rig.db.read() as c:
        drawn = owners.read(c, rig.store, rig.rows(explanations)[0].query_object)
    colours = Image.open(io.BytesIO(drawn)).convert("HSV").getchannel("S")
    assert colours.crop((0, 0, 48, 64)).getextrema()[1] > 0
    assert colours.crop((48, 0, 96, 64)).getextrema()[1] == 0


def test_an_explanation_goes_with_its_search(rig: VisionRig) -> None:
    job = run(rig, ask(rig))
    (row,) = rig.rows(explanations)
    with rig.db.write() as c:
        expiry.entomb(c, [row.job_id], tombstone_for=60)
    assert rig.rows(explanations) == []
    assert {row.query_object, row.result_object} <= marked(rig)
    assert rig.job(job.id).state == "succeeded"


@pytest.mark.parametrize("of", ["query_image", "result_image"])
def test_an_explanation_goes_with_either_image(rig: VisionRig, of: str) -> None:
    run(rig, ask(rig))
    (row,) = rig.rows(explanations)
    with rig.db.write() as c:
        drop_images(c, c.execute(select(images).where(images.c.id == getattr(row, of))).all())
    assert rig.rows(explanations) == []
    assert {row.query_object, row.result_object} <= marked(rig)


def test_nothing_is_kept_of_what_was_erased_while_it_was_explained(rig: VisionRig) -> None:
    job_id = ask(rig)
    with rig.db.write() as c:
        c.execute(delete(explanations))
    job = run(rig, job_id)
    assert (job.state, job.error["code"]) == ("failed", "image_gone")
    assert not [row for row in rig.rows(objects) if row.name.startswith("explanations/")]


def test_an_image_that_has_gone_fails_its_explanation(rig: VisionRig) -> None:
    job_id = ask(rig)
    with rig.db.write() as c:
        c.execute(delete(images).where(images.c.product_id == "p"))
    job = run(rig, job_id)
    assert (job.state, job.error["code"]) == ("failed", "image_gone")


def test_a_claim_that_was_lost_meanwhile_keeps_nothing(rig: VisionRig) -> None:
    job_id = ask(rig)
    claim = rig.claim(job_id, EXPLAIN.name)
    rig.set_job(job_id, attempt=claim.attempt + 1)
    story.run(rig.vision, claim, explain.run)
    assert rig.rows(explanations)[0].query_object is None
    assert rig.job(job_id).state == "running"


def test_an_explanation_runs_aside_so_that_no_thread_of_searches_is_held(rig: VisionRig) -> None:
    """The task returns before the story has begun: something else holds the one thread."""
    registered: dict[str, Any] = {}

    class App:
        def task(self, *, name: str) -> Any:
            return lambda function: registered.setdefault(name, function)

    app: Any = App()
    tasks.register(app, rig.vision)
    job_id, go_on, ended = ask(rig), threading.Event(), threading.Event()
    rig.vision.aside.do("before", lambda: go_on.wait(LONG_S) and None)
    registered["vision.explain"](JobMessage(job_id, EXPLAIN.name).to_wire())
    assert rig.job(job_id).state == "queued"
    rig.vision.aside.do("after", ended.set)
    go_on.set()
    assert ended.wait(LONG_S)
    assert rig.job(job_id).state == "succeeded"


def test_an_explanation_lets_a_suspect_go_first(rig: VisionRig) -> None:
    job_id = ask(rig)
    with rig.vision.gate.alone("suspect") as entered:
        assert entered
        wire = JobMessage(job_id, EXPLAIN.name).to_wire()
        tasks.handle(rig.vision, wire, explain.run, enter=rig.vision.gate.bulk)
    assert rig.job(job_id).state == "queued"
    assert rig.dispatcher.sent == []
    with rig.db.read() as c:
        assert c.execute(select(jobs.c.due_at).where(jobs.c.id == job_id)).scalar() is not None
