"""A vector that was lost is made again by a vision worker, and nothing that was accepted since is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from shared.db.tables import images, jobs, log, objects
from shared.fsck.examine import examine
from shared.fsck.finding import Code
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.run import repair
from tests.vision_rig import VisionRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path)
    rig.write(rig.put("p", rig.photo("a.png", 1), rig.photo("b.png", 2), title="Hat"))
    yield rig
    rig.close()


def image(rig: VisionRig, source: str) -> Any:
    (found,) = [row for row in rig.rows(images) if row.source == source and row.product_id == "p"]
    return found


def lose_vector(rig: VisionRig, source: str) -> Any:
    lost = image(rig, source)
    with rig.db.write() as c:
        c.execute(update(images).where(images.c.id == lost.id).values(vector=None))
    return lost


def codes(rig: VisionRig) -> list[Code]:
    return [finding.code for finding in examine(rig.db, rig.store, again_after=0)]


def mend(rig: VisionRig) -> str:
    """Returns the id of the write that was scheduled."""
    repair(Repairs(rig.db, rig.store, "g1", 60.0), examine(rig.db, rig.store, again_after=0))
    (job_id,) = [job.id for job in rig.rows(jobs) if job.state == "queued"]
    return str(job_id)


def test_a_lost_vector_comes_back_from_the_stored_picture(rig: VisionRig) -> None:
    lost, kept = lose_vector(rig, "b.png"), image(rig, "a.png")
    (rig.folder / "b.png").unlink()  # where it came from is gone
    assert codes(rig) == [Code.VECTOR_LOST]
    job = rig.write(mend(rig))
    assert (job.state, job.result["embedded"]) == ("succeeded", 1)
    again = image(rig, "b.png")
    assert (again.position, len(again.vector)) == (1, len(lost.vector))
    assert again.id != lost.id
    assert image(rig, "a.png") == kept
    assert codes(rig) == []
    last = max(rig.rows(log), key=lambda entry: entry.seq)
    assert last.body["dropped"] == [lost.id]


def test_until_then_the_row_keeps_its_picture_and_nothing_is_found(rig: VisionRig) -> None:
    lost = lose_vector(rig, "b.png")
    mend(rig)
    waiting = image(rig, "b.png")
    assert (waiting.id, waiting.normalised, waiting.fingerprint) == (lost.id, lost.normalised, None)
    assert codes(rig) == []


def test_a_lost_picture_comes_back_from_its_source_and_the_vector_is_kept_until_then(rig: VisionRig) -> None:
    lost = image(rig, "b.png")
    rig.store.delete(lost.normalised)
    assert codes(rig) == [Code.OBJECT_MISSING]
    job_id = mend(rig)
    assert image(rig, "b.png").vector == lost.vector
    assert rig.write(job_id).state == "succeeded"
    names = {row.name for row in rig.rows(objects) if row.removed_at is None}
    assert image(rig, "b.png").normalised in names
    assert codes(rig) == []


def test_a_write_that_was_accepted_before_the_repair_still_wins(rig: VisionRig) -> None:
    later = rig.put("p", rig.photo("c.png", 3))
    lose_vector(rig, "b.png")
    repair(Repairs(rig.db, rig.store, "g1", 60.0), examine(rig.db, rig.store, again_after=0))
    (again,) = [job.id for job in rig.rows(jobs) if job.state == "queued" and job.id != later]
    rig.write(later)
    rig.write(again)
    assert [row.source for row in rig.rows(images)] == ["c.png"]
