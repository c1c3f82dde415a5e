"""Whose turn it is among imports, and whose model a job waits for, on both databases."""

from typing import Any

from sqlalchemy import insert, update

from shared.db.engine import Database, now
from shared.db.tables import chunks, imports, jobs, workers
from shared.ids import new_id
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims, store
from shared.jobs.fingerprints import is_for_others
from shared.jobs.job import State
from shared.jobs.turns import Turn, next_turn, served
from shared.topology import CHUNKS, PLAN

OURS, THEIRS = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def imported(db: Database, tenant: str, *, chunk_count: int = 0, fingerprint: str | None = None) -> str:
    """An import that waits for its plan, or one that is planned and has open chunks."""
    job_id = new_id()
    with db.write() as c:
        store.accept(
            c,
            job_id=job_id,
            tenant=tenant,
            kind="import",
            stage=CHUNKS if chunk_count else PLAN,
            request={},
            due_in=5,
            fingerprint=fingerprint,
        )
        values: dict[str, Any] = {"job_id": job_id, "tenant": tenant, "planned": bool(chunk_count)}
        lists: dict[str, Any] = {"options": {}, "manifests": [], "ignored_columns": []}
        c.execute(insert(imports).values(**values, **lists, rows=0, bad_rows=0, unreadable=False))
        for no in range(chunk_count):
            chunk_rows.add(c, db, job_id=job_id, no=no, tenant=tenant, rows_object="x", rows=1)
    return job_id


def serve(db: Database, fingerprint: str, *, seen_s_ago: float = 0.0) -> None:
    row = {"process": new_id(), "kind": "vision", "fingerprint": fingerprint, "stats": {}}
    with db.write() as c:
        c.execute(insert(workers).values(**row, seen_at=now() - seen_s_ago))


def turn(db: Database, *, alone: bool = False, fingerprint: str | None = OURS) -> Turn | None:
    with db.read() as c:
        return next_turn(c, alone=alone, fingerprint=fingerprint)


def do(db: Database, this: Turn) -> None:
    """Do a plan or a chunk, as far as turns know."""
    with db.write() as c:
        if this.stage is None:
            chunk = chunk_rows.claim(c, db, this.job_id, by="w", lease=20, alone=False)
            assert chunk is not None
            chunk_rows.fence(c, chunk, state="done")
        else:
            claim = claims.claim(c, this.job_id, this.stage, by="w", lease=20, alone=False)
            assert claim is not None
            served(c, db, claim.tenant)


def test_tenants_take_turns_whether_with_plans_or_with_chunks(db: Database) -> None:
    for _ in range(4):
        imported(db, "planner")
    imported(db, "chunker", chunk_count=3)
    order = []
    for _ in range(6):
        this = turn(db)
        assert this is not None
        order.append(this.tenant)
        do(db, this)
    assert [sorted(order[n : n + 2]) for n in (0, 2, 4)] == [["chunker", "planner"]] * 3


def test_within_a_tenant_plans_come_before_chunks_and_the_older_before_the_younger(db: Database) -> None:
    old = imported(db, "shop", chunk_count=1)
    first, second = imported(db, "shop"), imported(db, "shop")
    done = []
    while (this := turn(db)) and len(done) < 3:
        done.append((this.job_id, this.stage))
        do(db, this)
    assert done == [(first, PLAN.name), (second, PLAN.name), (old, None)]


def test_an_import_waits_for_its_end_once_no_chunk_is_left(db: Database) -> None:
    job_id = imported(db, "shop", chunk_count=1)
    this = turn(db)
    assert this == Turn("shop", job_id, None)
    do(db, this)
    assert turn(db) == Turn("shop", job_id, CHUNKS.name)


def test_a_suspect_is_found_by_who_looks_for_one_and_by_nobody_else(db: Database) -> None:
    job_id = imported(db, "shop", chunk_count=1)
    assert turn(db, alone=True) is None
    with db.write() as c:
        c.execute(update(chunks).values(suspect=True))
    assert turn(db, alone=True) == Turn("shop", job_id, None)
    assert turn(db) is None


def test_a_suspect_that_was_put_off_holds_nobody_up(db: Database) -> None:
    imported(db, "shop", chunk_count=1)
    with db.write() as c:
        c.execute(update(chunks).values(suspect=True, due_at=now() + 60))
    assert turn(db, alone=True) is None


def test_chunks_of_an_import_that_has_ended_are_nobodys_turn(db: Database) -> None:
    imported(db, "shop", chunk_count=1)
    with db.write() as c:
        c.execute(update(jobs).values(state=State.CANCELLED))
    assert turn(db) is None


def test_a_job_is_left_to_the_live_workers_of_its_model(db: Database) -> None:
    job_id = imported(db, "shop", fingerprint=THEIRS)
    serve(db, THEIRS)
    assert turn(db) is None
    assert turn(db, fingerprint=THEIRS) == Turn("shop", job_id, PLAN.name)
    claim = {"by": "w", "lease": 20.0, "alone": False}
    with db.write() as c:
        assert is_for_others(c, job_id, PLAN.name, OURS)
        assert not is_for_others(c, job_id, PLAN.name, THEIRS)
        assert claims.claim(c, job_id, PLAN.name, **claim, fingerprint=OURS) is None
        assert claims.claim(c, job_id, PLAN.name, **claim, fingerprint=THEIRS) is not None
        assert not is_for_others(c, job_id, PLAN.name, OURS), "it waits for nobody"


def test_a_suspect_of_another_model_asks_nobody_else_to_be_alone(db: Database) -> None:
    job_id = imported(db, "shop", fingerprint=THEIRS)
    serve(db, THEIRS)
    with db.write() as c:
        c.execute(update(jobs).values(suspect=True))
        assert not claims.only_alone(c, job_id, PLAN.name, OURS)
        assert claims.only_alone(c, job_id, PLAN.name, THEIRS)


def test_a_job_whose_model_nobody_serves_is_anybodys(db: Database) -> None:
    job_id = imported(db, "shop", fingerprint=THEIRS)
    serve(db, THEIRS, seen_s_ago=60)
    assert turn(db) == Turn("shop", job_id, PLAN.name)
    with db.write() as c:
        assert not is_for_others(c, job_id, PLAN.name, OURS)
        assert claims.claim(c, job_id, PLAN.name, by="w", lease=20, alone=False, fingerprint=OURS) is not None
