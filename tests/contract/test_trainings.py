"""Trainings as rows, on both databases: which is next, how far one is, and that no limit ends it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from shared.db.engine import Database, now
from shared.db.tables import jobs
from shared.errors import LostClaim
from shared.ids import new_id
from shared.jobs import claims, ends, store
from shared.jobs.job import Claim
from shared.jobs.kinds import JobKind
from shared.jobs.renewal import renew
from shared.topology import EMBED, LEARN


def accepted(db: Database, kind: JobKind = JobKind.TRAINING) -> str:
    stage = LEARN if kind is JobKind.TRAINING else EMBED
    with db.write() as c:
        row = store.accept(c, job_id=new_id(), tenant="shop", kind=kind, stage=stage, request={}, due_in=5)
    return str(row.id)


def claimed(db: Database, job_id: str) -> Claim:
    with db.write() as c:
        claim = claims.claim(c, job_id, LEARN.name, by="trainer-1", lease=20, alone=True)
    assert claim is not None
    return claim


def next_one(db: Database) -> str | None:
    with db.read() as c:
        return store.next_of(c, JobKind.TRAINING)


def test_the_oldest_that_nobody_works_on_is_next(db: Database) -> None:
    accepted(db, JobKind.SEARCH)
    first, second = accepted(db), accepted(db)
    assert next_one(db) == first
    claimed(db, first)
    assert next_one(db) == second


def test_one_that_was_put_off_waits_for_its_time(db: Database) -> None:
    claim = claimed(db, accepted(db))
    with db.write() as c:
        store.put_off(c, claim.id, claim.attempt, LEARN.name, 60)
    assert next_one(db) is None
    with db.write() as c:
        c.execute(update(jobs).values(due_at=now() - 1))
    assert next_one(db) == claim.id


def test_progress_is_told_under_the_claim_alone(db: Database) -> None:
    """A cancelled training learns of it when it tells how far it is."""
    claim = claimed(db, accepted(db))
    with db.write() as c:
        store.save_progress(c, claim.id, claim.attempt, {"epoch": 1})
        ends.cancel(c, "shop", claim.id, keep_for=60)
    with pytest.raises(LostClaim), db.write() as c:
        store.save_progress(c, claim.id, claim.attempt, {"epoch": 2})
    with db.read() as c:
        assert store.get(c, "shop", claim.id).progress == {"epoch": 1}


def test_the_claim_of_a_training_is_renewed_however_old_it_is(db: Database) -> None:
    claim = claimed(db, accepted(db))
    with db.write() as c:
        c.execute(update(jobs).values(claimed_at=now() - 90_000, lease_until=now() + 1))
    renew(db, "trainer-1", "trainer", lease=20, job_limit=60, import_limit=900, fingerprint=None, stats={})
    with db.read() as c:
        left = c.execute(select(jobs.c.lease_until - now()).where(jobs.c.id == claim.id)).scalar_one()
    assert left > 10
