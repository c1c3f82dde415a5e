"""A photo that is not to be kept goes with the end of its search, whatever end that is; on both databases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from shared.answer.finish import Finisher
from shared.db.engine import Database, now
from shared.db.tables import images, jobs, objects
from shared.erasure.erased_list import ErasedList
from shared.errors import Conflict
from shared.ids import new_id, random_id
from shared.jobs import claims, ends, store
from shared.jobs.job import State, failure
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.topology import EMBED
from tests.index_rig import Silent
from workers.keeper.deps import Keeper
from workers.keeper.rounds import lapses

KEEP_FOR = 60.0


def searched(db: Database, *, kept: bool = False, kind: str = "upload", product: str | None = None) -> str:
    """A running search and its photo, whose id is the search's."""
    job_id = new_id()
    image_id = random_id()
    request = SearchRequest(PhotoOf(PhotoKind(kind), image_id), limit=10, store=kept).to_json()
    with db.write() as c:
        c.execute(
            insert(objects).values(
                name=f"uploads/{image_id}", tenant="shop", sha256="0", length=1, created_at=now()
            )
        )
        c.execute(
            insert(images).values(
                id=image_id,
                tenant="shop",
                product_id=product,
                state="new",
                upload=f"uploads/{image_id}",
                created_at=now(),
            )
        )
        store.accept(
            c, job_id=job_id, tenant="shop", kind=JobKind.SEARCH, stage=EMBED, request=request, due_in=5
        )
        claims.claim(c, job_id, EMBED.name, by="w", lease=20, alone=False)
    return job_id


def photos(db: Database) -> int:
    """How many photos are there, as a row or as an object that nobody has marked."""
    with db.read() as c:
        rows = list(c.execute(select(images.c.id)))
        kept = list(c.execute(select(objects.c.name).where(objects.c.removed_at.is_(None))))
    assert len(rows) == len(kept)
    return len(rows)


def succeed(c: Connection, job_id: str) -> None:
    assert ends.finish(c, job_id, State.SUCCEEDED, keep_for=KEEP_FOR, result={})


def reject(c: Connection, job_id: str) -> None:
    assert ends.finish(c, job_id, State.REJECTED, keep_for=KEEP_FOR, reasons=[])


def fail(c: Connection, job_id: str) -> None:
    error = failure("index_unavailable", "away", retryable=True)
    assert ends.finish(c, job_id, State.FAILED, keep_for=KEEP_FOR, error=error)


def cancel(c: Connection, job_id: str) -> None:
    ends.cancel(c, "shop", job_id, keep_for=KEEP_FOR)


End = Callable[[Connection, str], None]


@pytest.mark.parametrize("end", [succeed, reject, fail, cancel])
def test_a_photo_that_is_not_to_be_kept_goes_with_the_end(db: Database, end: End) -> None:
    job_id = searched(db)
    assert photos(db) == 1
    with db.write() as c:
        end(c, job_id)
    assert photos(db) == 0


@pytest.mark.parametrize("end", [succeed, reject, fail, cancel])
@pytest.mark.parametrize("other", [{"kept": True}, {"kind": "image"}, {"product": "p"}])
def test_any_other_photo_stays(db: Database, end: End, other: dict[str, Any]) -> None:
    job_id = searched(db, **other)
    with db.write() as c:
        end(c, job_id)
    assert photos(db) == 1


def test_a_search_whose_workers_were_lost_leaves_no_photo(db: Database, tmp_path: Path) -> None:
    silent: Any = Silent()
    settings = Settings(home=tmp_path, max_losses=1)
    finisher = Finisher(db, settings, silent.job_done)
    store = MemoryStore()
    keeper = Keeper(settings, db, store, silent, silent, finisher, ErasedList(store))
    job_id = searched(db)
    with db.write() as c:
        lost = {"lease_until": now() - 60, "suspect": True}
        c.execute(update(jobs).where(jobs.c.id == job_id).values(lost))
    lapses.run(keeper)
    assert photos(db) == 0


def test_a_search_without_its_photo_is_not_retried(db: Database) -> None:
    """It could only fail again; whoever has the photo sends it again."""
    gone, kept = searched(db), searched(db, kept=True)
    with db.write() as c:
        fail(c, gone)
        fail(c, kept)
    with db.write() as c:
        assert ends.retry(c, "shop", kept, due_in=5).state == "queued"
    with pytest.raises(Conflict) as refused, db.write() as c:
        ends.retry(c, "shop", gone, due_in=5)
    assert refused.value.code == "photo_not_kept"
