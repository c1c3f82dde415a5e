"""A keeper without servers, and the jobs that its rounds meet."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from shared.answer.finish import Finisher
from shared.db.engine import Database, now
from shared.db.tables import (
    imports,
    jobs,
)
from shared.erasure.erased_list import ErasedList
from shared.errors import Unavailable
from shared.ids import new_id
from shared.jobs import chunks as chunk_rows
from shared.jobs import store
from shared.jobs.job import State
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.settings import Settings
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.topology import CHUNKS, EMBED
from tests.index_rig import Silent
from workers.keeper.deps import Keeper

REQUEST = SearchRequest(PhotoOf(PhotoKind.IMAGE, "q"), limit=10).to_json()


class Broker(Silent):
    """Remembers what was sent; `waiting` is how many messages it says are ready."""

    waiting = 0

    def ready(self, _queue: str) -> int:
        if self.waiting < 0:
            raise Unavailable("away")
        return self.waiting


def new_keeper(db: Database, tmp_path: Path) -> Keeper:
    broker: Any = Broker()
    settings = Settings(home=tmp_path, process="keeper-1", max_resends=3)
    finisher = Finisher(db, settings, broker.job_done)
    store = MemoryStore()
    return Keeper(settings, db, store, broker, broker, finisher, ErasedList(store))


def accepted(keeper: Keeper, *, age: float = 0.0, stage=EMBED, kind: str = "search", **values: Any) -> str:
    """A job whose message left `age` seconds ago."""
    job_id = new_id()
    with keeper.db.write() as c:
        store.accept(c, job_id=job_id, tenant="shop", kind=kind, stage=stage, request=REQUEST, due_in=5)
        times = {"sent_at": now() - age, "due_at": now() - age + 5, "created_at": now() - age}
        c.execute(update(jobs).where(jobs.c.id == job_id).values({**times, **values}))
    return job_id


def row(keeper: Keeper, job_id: str):
    with keeper.db.read() as c:
        return c.execute(select(jobs).where(jobs.c.id == job_id)).one()


def imported(keeper: Keeper, rows: int) -> str:
    """An import of one chunk."""
    body = "\n".join(
        json.dumps({"manifest": 0, "row": {"line": n + 2, "id": f"p{n}"}}) for n in range(rows)
    ).encode()
    stored = keeper.store.put(new_name("chunks", "shop", keeper.db.clock()), body)
    job_id = accepted(keeper, stage=CHUNKS, kind="import", state=State.RUNNING, due_at=None)
    with keeper.db.write() as c:
        owners.own(c, "shop", [stored])
        c.execute(
            insert(imports).values(
                job_id=job_id,
                tenant="shop",
                options={},
                manifests=[],
                planned=True,
                rows=rows,
                bad_rows=0,
                ignored_columns=[],
                unreadable=False,
            )
        )
        chunk_rows.add(c, keeper.db, job_id=job_id, no=0, tenant="shop", rows_object=stored.name, rows=rows)
    return job_id
