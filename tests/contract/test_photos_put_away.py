"""A photo that is put away after its search was erased leaves nothing; on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from shared.db.engine import Database
from shared.db.tables import images, jobs, objects
from shared.images.state import ImageState
from shared.jobs import ends, expiry
from shared.jobs.job import State
from shared.jobs.search_request import PhotoKind, PhotoOf
from shared.storage import owners
from shared.topology import EMBED
from tests.vision_rig import VisionRig, picture
from workers.vision import photos, story
from workers.vision import search as search_story

KEY = "incoming/shop/photo.png"


@pytest.fixture
def rig(db: Database, tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path, db=db, quality_gate=False)
    rig.store.put(KEY, picture(1))
    yield rig
    rig.close()


def search(rig: VisionRig) -> str:
    return rig.ask(picture(2), photo=PhotoOf(PhotoKind.OBJECT, KEY))


def kept(rig: VisionRig) -> list[str]:
    """Images that a search has put away, as rows and as objects that nobody has marked."""
    rows = [row.normalised for row in rig.rows(images) if row.state == ImageState.READY]
    owned = [row.name for row in rig.rows(objects) if row.removed_at is None and "uploads" not in row.name]
    return sorted({*rows, *owned})


@pytest.mark.parametrize("whole", [True, False])
def test_a_photo_put_away_after_its_search_was_erased_is_not_kept(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """The outcome was handed over, the answer came at once, and so did the purge."""
    job_id = search(rig)
    keep = photos.keep

    def erased_before(*args: Any) -> None:
        with rig.db.write() as c:
            assert ends.finish(c, job_id, State.SUCCEEDED, keep_for=60)
            expiry.entomb(c, [job_id], tombstone_for=60)
            if whole:
                c.execute(delete(jobs).where(jobs.c.id == job_id))
        keep(*args)

    monkeypatch.setattr(photos, "keep", erased_before)
    story.run(rig.vision, rig.claim(job_id, EMBED.name), search_story.run)
    assert kept(rig) == []
    assert any(row.removed_at is not None for row in rig.rows(objects)), "a keeper deletes them"


def test_a_search_is_not_erased_while_its_photo_is_put_away(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rig.db.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    job_id = search(rig)
    own = owners.own

    def while_another_erases(*args: Any, **values: Any) -> None:
        with rig.db.engine.connect() as c, pytest.raises(OperationalError, match="could not obtain lock"):
            c.execute(select(jobs).where(jobs.c.id == job_id).with_for_update(nowait=True))
        own(*args, **values)

    monkeypatch.setattr(owners, "own", while_another_erases)
    rig.search(job_id)
    assert len(kept(rig)) >= 1


def test_the_photo_of_a_search_that_has_ended_is_kept(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = search(rig)
    keep = photos.keep

    def ended_before(*args: Any) -> None:
        with rig.db.write() as c:
            assert ends.finish(c, job_id, State.SUCCEEDED, keep_for=60)
        keep(*args)

    monkeypatch.setattr(photos, "keep", ended_before)
    rig.search(job_id)
    assert len(kept(rig)) >= 1
