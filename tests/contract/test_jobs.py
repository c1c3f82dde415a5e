"""Jobs, claims and their fence, on both databases."""

import threading

import pytest
from sqlalchemy import Connection, select, update

from shared.db.engine import Database, now
from shared.db.tables import jobs as rows
from shared.errors import Conflict, Expired, LostClaim, NotFound
from shared.ids import new_id
from shared.jobs import claims, ends, expiry, store
from shared.jobs.job import State, failure, public
from shared.jobs.kinds import JobKind
from shared.jobs.renewal import renew
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.topology import EMBED, LOOKUP

REQUEST = SearchRequest(PhotoOf(PhotoKind.IMAGE, "q"), limit=3).to_json()


def accepted(db: Database, tenant: str = "shop") -> str:
    job_id = new_id()
    with db.write() as c:
        store.accept(
            c, job_id=job_id, tenant=tenant, kind=JobKind.SEARCH, stage=EMBED, request=REQUEST, due_in=5
        )
    return job_id


def claimed(db: Database, job_id: str, by: str = "worker-1", *, lease: float = 20, alone: bool = False):
    with db.write() as c:
        return claims.claim(c, job_id, EMBED.name, by=by, lease=lease, alone=alone)


def handed_over(c: Connection, job_id: str, attempt: int) -> None:
    times = dict.fromkeys(("hedge_after", "partial_after", "answer_within"), 60.0)
    outcome = b"outcome %d" % attempt
    store.hand_over(
        c, job_id, attempt, index_id="i", groups={"g1": [0]}, outcome=outcome, timings_ms={}, **times
    )


def row(db: Database, job_id: str):
    with db.read() as c:
        return c.execute(select(rows).where(rows.c.id == job_id)).one()


def test_a_claim_raises_the_attempt_and_keeps_others_out(db: Database) -> None:
    job_id = accepted(db)
    first = claimed(db, job_id)
    assert first is not None
    assert (first.attempt, row(db, job_id).state) == (1, "running")
    assert claimed(db, job_id, "worker-2") is None


def test_of_many_claims_at_once_one_succeeds(db: Database) -> None:
    job_id = accepted(db)
    won = []
    threads = [
        threading.Thread(target=lambda n=n: won.append(claimed(db, job_id, f"w{n}"))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([c for c in won if c is not None]) == 1


def test_a_lapsed_lease_is_claimed_by_who_is_alone_and_fences_the_first_off(db: Database) -> None:
    """Whoever lost it may have died of it."""
    job_id = accepted(db)
    first = claimed(db, job_id, lease=-1)
    assert claimed(db, job_id, "worker-2") is None
    second = claimed(db, job_id, "worker-2", alone=True)
    assert second is not None
    assert row(db, job_id).suspect
    assert second.attempt == 2
    with pytest.raises(LostClaim), db.write() as c:
        store.save_stage(c, job_id, first.attempt, stage=LOOKUP.name)
    with pytest.raises(LostClaim), db.write() as c:
        handed_over(c, job_id, first.attempt)
    with pytest.raises(LostClaim), db.write() as c:
        store.hold(c, job_id, first.attempt)
    with pytest.raises(LostClaim), db.write() as c:
        store.save_progress(c, job_id, first.attempt, {})
    with db.write() as c:
        handed_over(c, job_id, second.attempt)
    assert row(db, job_id).outcome == b"outcome 2"
    with db.write() as c:
        assert not ends.finish(c, job_id, State.SUCCEEDED, keep_for=60, attempt=first.attempt)
        assert ends.finish(c, job_id, State.SUCCEEDED, keep_for=60, attempt=second.attempt, result={"n": 1})
    assert public(row(db, job_id))["result"] == {"n": 1}


def test_a_suspect_is_claimed_only_alone(db: Database) -> None:
    job_id = accepted(db)
    with db.write() as c:
        c.execute(update(rows).where(rows.c.id == job_id).values(suspect=True))
    assert claimed(db, job_id) is None
    assert claimed(db, job_id, alone=True) is not None


def test_cancel_fences_the_running_claim_and_a_finished_job_refuses_it(db: Database) -> None:
    job_id = accepted(db)
    claim = claimed(db, job_id)
    with db.write() as c:
        ends.cancel(c, "shop", job_id, keep_for=60)
    with db.write() as c:
        assert not ends.finish(c, job_id, State.SUCCEEDED, keep_for=60, attempt=claim.attempt)
    with pytest.raises(Conflict) as refused, db.write() as c:
        ends.cancel(c, "shop", job_id, keep_for=60)
    assert refused.value.code == "already_finished"


def test_another_tenants_job_is_as_unknown_as_none(db: Database) -> None:
    job_id = accepted(db)
    for tenant, wanted in (("other", job_id), ("shop", "nothing")):
        with pytest.raises(NotFound), db.read() as c:
            store.get(c, tenant, wanted)


def renewed(db: Database) -> None:
    renew(
        db,
        "worker-1",
        "vision",
        lease=20,
        job_limit=60,
        import_limit=900,
        fingerprint=None,
        stats={},
    )


def test_heartbeat_renews_the_living_and_not_what_is_past_its_limit(db: Database) -> None:
    young, old = accepted(db), accepted(db)
    claimed(db, young, lease=1)
    claimed(db, old, lease=1)
    with db.write() as c:
        c.execute(update(rows).where(rows.c.id == old).values(claimed_at=now() - 100))
    renewed(db)
    left = {job_id: row(db, job_id).lease_until - row(db, job_id).created_at for job_id in (young, old)}
    assert left[young] > 15
    assert left[old] < 5
    assert row(db, young).due_at == pytest.approx(row(db, young).lease_until, abs=0.01)


def test_hand_back_frees_at_once_and_is_no_loss(db: Database) -> None:
    job_id = accepted(db)
    first = claimed(db, job_id)
    with db.write() as c:
        claims.hand_back_all(c, "worker-1")
    again = claimed(db, job_id, "worker-2")
    assert again is not None
    assert again.attempt > first.attempt
    assert (row(db, job_id).losses_alone, row(db, job_id).suspect) == (0, False)


def test_only_a_retryable_failure_is_retried(db: Database) -> None:
    for retryable in (True, False):
        job_id = accepted(db)
        claim = claimed(db, job_id)
        with db.write() as c:
            error = failure("x", "y", retryable=retryable)
            ends.finish(c, job_id, State.FAILED, keep_for=60, attempt=claim.attempt, error=error)
        if retryable:
            with db.write() as c:
                assert ends.retry(c, "shop", job_id, due_in=5).state == "queued"
            assert claimed(db, job_id) is not None
        else:
            with pytest.raises(Conflict), db.write() as c:
                ends.retry(c, "shop", job_id, due_in=5)


def test_an_expired_job_is_a_tombstone(db: Database) -> None:
    job_id = accepted(db)
    claim = claimed(db, job_id)
    with db.write() as c:
        ends.finish(c, job_id, State.SUCCEEDED, keep_for=-1, attempt=claim.attempt, result={"a": 1})
        assert expiry.expire(c, tombstone_for=60, limit=10) == 1
    with pytest.raises(Expired), db.read() as c:
        store.get(c, "shop", job_id)
    assert row(db, job_id).result is None


def test_jobs_are_listed_newest_first_page_by_page(db: Database) -> None:
    ids = [accepted(db) for _ in range(5)]
    with db.read() as c:
        first = store.newest(c, "shop", limit=2)
        rest = store.newest(c, "shop", before=(first[-1].created_at, first[-1].id), limit=10)
    assert [r.id for r in [*first, *rest]] == ids[::-1]


def put_off(db: Database, job_id: str) -> None:
    claim = claimed(db, job_id)
    assert claim is not None
    with db.write() as c:
        store.put_off(c, job_id, claim.attempt, claim.stage, 0)


def test_only_tries_that_failed_are_counted(db: Database) -> None:
    """A job that was handed back often has not been tried often."""
    job_id = accepted(db)
    for _ in range(3):
        claimed(db, job_id)
        with db.write() as c:
            claims.hand_back_all(c, "worker-1")
    put_off(db, job_id)
    put_off(db, job_id)
    third = claimed(db, job_id)
    assert third is not None
    assert (third.tries, third.attempt) == (3, 9)
    with db.write() as c:
        store.save_stage(c, job_id, third.attempt, stage=EMBED.name)
    assert claimed(db, job_id).tries == 1, "each stage has tries of its own"


def test_a_retry_by_hand_has_all_its_tries_and_is_due_when_its_message_is(db: Database) -> None:
    job_id = accepted(db)
    put_off(db, job_id)
    claim = claimed(db, job_id)
    with db.write() as c:
        error = failure("x", "y", retryable=True)
        ends.finish(c, job_id, State.FAILED, keep_for=60, attempt=claim.attempt, error=error)
        again = ends.retry(c, "shop", job_id, due_in=7)
    assert again.due_at - again.sent_at == pytest.approx(7, abs=0.1)
    assert claimed(db, job_id).tries == 1


def test_a_heartbeat_waits_for_no_claim_that_is_being_written(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    written, other = accepted(db), accepted(db)
    claimed(db, written, lease=1)
    claimed(db, other, lease=1)
    with db.write() as c:
        c.execute(select(rows.c.id).where(rows.c.id == written).with_for_update())
        beat = threading.Thread(target=lambda: renewed(db), daemon=True)
        beat.start()
        beat.join(5)
        assert not beat.is_alive()
        left = {
            job_id: row(db, job_id).lease_until - row(db, job_id).created_at for job_id in (written, other)
        }
    assert left[other] > 15
    assert left[written] < 5
    renewed(db)
    assert row(db, written).lease_until - row(db, written).created_at > 15
