"""A query's photo and result go by their time, by the database's real clock; on both databases."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sqlalchemy import insert, select

from shared.db.engine import Database, now
from shared.db.tables import images, jobs, objects
from shared.jobs import ends
from shared.jobs.job import State
from shared.storage import owners
from shared.storage.names import new_name
from tests.keeper_rig import accepted, new_keeper
from workers.keeper.rounds import expiry, removal

KEPT_S = 2.0


def test_photo_and_result_are_there_for_their_time_and_gone_after_it(db: Database, tmp_path: Any) -> None:
    keeper = new_keeper(db, tmp_path)
    photo = secrets.token_bytes(32)
    stored = keeper.store.put(new_name("images", "shop", db.clock()), photo)
    job_id = accepted(keeper, state=State.RUNNING)
    with db.write() as c:
        owners.own(c, "shop", [stored])
        row = {"id": "i", "tenant": "shop", "state": "ready", "normalised": stored.name}
        c.execute(insert(images).values(**row, created_at=now(), expires_at=now() + KEPT_S))
        ends.finish(c, job_id, State.SUCCEEDED, keep_for=KEPT_S, result={"secret": "a hit"})

    def left() -> tuple[list[Any], list[Any], list[str]]:
        expiry.run(keeper)
        removal.run(keeper)
        with db.read() as c:
            results = [r for r in c.execute(select(jobs.c.result)).scalars() if r]
            rows = list(c.execute(select(images.c.id)).scalars())
            rows += list(c.execute(select(objects.c.name)).scalars())
        return results, rows, list(keeper.store.list(""))

    begun = time.monotonic()
    first = left()
    if time.monotonic() - begun < KEPT_S / 2:  # a machine that slept in between has nothing to say
        assert (len(first[0]), len(first[1]), len(first[2])) == (1, 2, 1)
    deadline = begun + 60
    while left() != ([], [], []):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert time.monotonic() - begun > KEPT_S / 2
