"""The keeper's rounds, on both databases: they heal without flooding, and blame no innocent."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from shared.answer.finish import Finisher
from shared.catalog.writes import next_accept_no
from shared.db.engine import Database, now
from shared.db.tables import chunks, idempotency, imports, jobs, objects, products, row_errors, swept_hours
from shared.errors import LostClaim, TusouError, Unavailable
from shared.ids import new_id
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims, store
from shared.jobs.job import State
from shared.settings import Settings
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.topology import CHUNKS, EMBED, PLAN
from tests.index_rig import Silent
from workers.keeper.deps import Keeper
from workers.keeper.rounds import expiry, lapses, redispatch, removal, sealing, sweep
from workers.keeper.schedule import Round, Schedule


class Broker(Silent):
    """Remembers what was sent; `waiting` is how many messages it says are ready."""

    waiting = 0

    def ready(self, _queue: str) -> int:
        if self.waiting < 0:
            raise Unavailable("away")
        return self.waiting


@pytest.fixture
def keeper(db: Database, tmp_path: Path) -> Keeper:
    broker: Any = Broker()
    settings = Settings(home=tmp_path, process="keeper-1", max_resends=3)
    finisher = Finisher(db, broker.job_done, keep_for=60, no_match_below=None)
    return Keeper(settings, db, MemoryStore(), broker, broker, finisher)


def accepted(keeper: Keeper, *, age: float = 0.0, stage=EMBED, kind: str = "search", **values: Any) -> str:
    """A job whose message left `age` seconds ago."""
    job_id = new_id()
    with keeper.db.write() as c:
        store.accept(c, job_id=job_id, tenant="shop", kind=kind, stage=stage, request={}, due_in=5)
        times = {"sent_at": now() - age, "due_at": now() - age + 5, "created_at": now() - age}
        c.execute(update(jobs).where(jobs.c.id == job_id).values({**times, **values}))
    return job_id


def row(keeper: Keeper, job_id: str):
    with keeper.db.read() as c:
        return c.execute(select(jobs).where(jobs.c.id == job_id)).one()


def claim(keeper: Keeper, job_id: str, *, alone: bool = False, lease: float = -10.0):
    with keeper.db.write() as c:
        return claims.claim(c, job_id, EMBED.name, by="dead", lease=lease, alone=alone)


def sent(keeper: Keeper) -> list[str]:
    return [message.id for _, message, _ in keeper.dispatcher.sent]


def test_an_emptied_broker_refills_oldest_first_and_no_more_than_a_round_may(keeper: Keeper) -> None:
    ids = [accepted(keeper, age=100 - n) for n in range(5)]
    redispatch.run(keeper)
    assert sent(keeper) == ids[:3]
    redispatch.run(keeper)
    assert sent(keeper) == ids


def test_a_full_broker_is_left_alone_and_the_rows_wait(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 10_000
    job_id = accepted(keeper, age=30)
    redispatch.run(keeper)
    redispatch.run(keeper)
    assert sent(keeper) == []
    assert row(keeper, job_id).due_at > row(keeper, job_id).created_at + 30


def test_a_broker_with_more_than_a_round_and_fewer_messages_than_rows_is_refilled(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 4
    ids = [accepted(keeper, age=100 - n) for n in range(5)]
    redispatch.run(keeper)
    assert sent(keeper) == ids[:3]


def test_a_row_overtaken_by_one_sent_well_after_it_has_lost_its_message(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = 10_000
    lost, young = accepted(keeper, age=30), accepted(keeper, age=6)
    overtaker = accepted(keeper, age=15)
    claim(keeper, overtaker, lease=20)
    redispatch.run(keeper)
    assert sent(keeper) == [lost]
    assert young not in sent(keeper)


def test_rows_that_are_not_due_or_under_a_lease_are_not_sent(keeper: Keeper) -> None:
    accepted(keeper, age=1)
    claim(keeper, accepted(keeper, age=60), lease=20)
    redispatch.run(keeper)
    assert sent(keeper) == []


def test_a_broker_that_is_away_changes_no_row(keeper: Keeper) -> None:
    keeper.dispatcher.waiting = -1
    job_id = accepted(keeper, age=60)
    before = row(keeper, job_id)
    with pytest.raises(Unavailable):
        redispatch.run(keeper)
    assert row(keeper, job_id) == before


def test_three_keepers_send_a_row_once(keeper: Keeper) -> None:
    accepted(keeper, age=60)
    with keeper.db.read() as c:
        _, late = store.overdue(c, [EMBED.name], 10)
    assert [redispatch._claim_sending(keeper, late[0]) for _ in range(3)] == [True, False, False]


def test_a_lapsed_job_becomes_a_suspect_and_its_first_loss_does_not_count(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    claim(keeper, job_id)
    lapses.run(keeper)
    found = row(keeper, job_id)
    assert (found.suspect, found.losses_alone, found.state, found.claimed_by) == (True, 0, "running", None)


def test_three_losses_while_alone_make_a_dead_letter_that_can_be_retried(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    claim(keeper, job_id)
    lapses.run(keeper)
    for _ in range(3):
        assert row(keeper, job_id).state == "running"
        assert claim(keeper, job_id, alone=True) is not None
        lapses.run(keeper)
    found = row(keeper, job_id)
    assert (found.state, found.error["code"], found.error["retryable"]) == ("failed", "worker_lost", True)
    assert keeper.notifier.done == [job_id]
    with keeper.db.write() as c:
        assert store.retry(c, "shop", job_id).losses_alone == 0


def test_a_worker_that_wakes_before_its_successor_may_still_finish(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    paused = claim(keeper, job_id)
    lapses.run(keeper)
    with keeper.db.write() as c:
        store.save_stage(c, job_id, paused.attempt, stage="lookup")
    assert row(keeper, job_id).suspect is False


def test_a_worker_that_wakes_beside_its_successor_changes_nothing(keeper: Keeper) -> None:
    job_id = accepted(keeper)
    paused = claim(keeper, job_id)
    lapses.run(keeper)
    assert claim(keeper, job_id, alone=True, lease=20) is not None
    with pytest.raises(LostClaim), keeper.db.write() as c:
        store.save_stage(c, job_id, paused.attempt, stage="lookup")


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


def lose_chunk(keeper: Keeper, *, alone: bool) -> bool:
    """Claim the next chunk in a process that dies."""
    with keeper.db.write() as c:
        found = chunk_rows.claim(c, keeper.db, by="dead", lease=-10, alone=alone)
    lapses.run(keeper)
    return found is not None


def test_the_one_row_that_kills_its_worker_becomes_a_row_error_and_the_others_are_left(
    keeper: Keeper,
) -> None:
    job_id = imported(keeper, rows=4)
    assert lose_chunk(keeper, alone=False)
    deaths = 0
    with keeper.db.write() as c:
        good = chunk_rows.claim(c, keeper.db, by="x", lease=20, alone=False)
    assert good is None, "a suspect is claimed by nobody who is not alone"
    while deaths < 40:
        with keeper.db.write() as c:
            found = chunk_rows.claim(c, keeper.db, by="dead", lease=-10, alone=True)
            if found is None:
                break
            if not found.row_from <= 2 < found.row_to:  # without the bad row it ends well
                chunk_rows.fence(c, found, state="done")
                continue
        deaths += 1
        lapses.run(keeper)
    with keeper.db.read() as c:
        errors = list(c.execute(select(row_errors)))
        left = list(c.execute(select(chunks).where(chunks.c.state.in_(("open", "running")))))
        assert chunk_rows.next_import(c, suspect=False) == (job_id, CHUNKS.name)
    assert [(e.line, e.product_id, e.reason) for e in errors] == [(4, "p2", "worker_lost")]
    assert left == []
    assert deaths == 5, "4 rows, 2 rows, then one row three times"


def fail_chunk(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        found = chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False)
        assert found is not None
        chunk_rows.fail_import(c, found, TusouError("away", retryable=True), keep_for=60)


def test_an_import_retried_by_hand_does_its_chunks_again_and_may_fail_again(keeper: Keeper) -> None:
    job_id = imported(keeper, rows=4)
    for _ in range(2):
        fail_chunk(keeper)
        assert row(keeper, job_id).state == "failed"
        with keeper.db.write() as c:
            assert chunk_rows.next_import(c, suspect=False) is None
            store.retry(c, "shop", job_id)
        assert row(keeper, job_id).state == "running"
    with keeper.db.write() as c:
        found = chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False)
        assert found is not None
        assert found.tries == 1


def test_chunks_of_a_cancelled_import_are_not_claimed(keeper: Keeper) -> None:
    job_id = imported(keeper, rows=4)
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.CANCELLED))
        assert chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False) is None


def test_a_chunk_that_was_put_off_waits_for_its_time(keeper: Keeper) -> None:
    imported(keeper, rows=4)
    with keeper.db.write() as c:
        found = chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False)
        assert found is not None
        chunk_rows.reopen(c, found, after_s=60)
        assert chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False) is None
        c.execute(update(chunks).values(due_at=now() - 1))
        assert chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False) is not None


def test_tenants_take_turns(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        for tenant, count in (("big", 5), ("small", 2)):
            job_id = new_id()
            store.accept(c, job_id=job_id, tenant=tenant, kind="import", stage=PLAN, request={}, due_in=5)
            for no in range(count):
                chunk_rows.add(c, keeper.db, job_id=job_id, no=no, tenant=tenant, rows_object="x", rows=1)
    order = []
    for _ in range(7):
        with keeper.db.write() as c:
            order.append(chunk_rows.claim(c, keeper.db, by="w", lease=20, alone=False).tenant)
        time.sleep(0.002)
    assert sorted(order[:2]) == ["big", "small"]
    assert sorted(order[2:4]) == ["big", "small"]
    assert order[4:] == ["big"] * 3


def put(keeper: Keeper, *, age_s: float = 0.0, owned: bool = True, **values: Any) -> str:
    stored = keeper.store.put(new_name("images", "shop", keeper.db.clock() - age_s), b"x")
    if owned:
        with keeper.db.write() as c:
            created = {"created_at": now(), "tenant": "shop", **values}
            c.execute(
                insert(objects).values(
                    name=stored.name, sha256=stored.sha256, length=stored.length, **created
                )
            )
    return stored.name


def test_the_sweep_removes_orphans_of_hours_past_and_nothing_else(keeper: Keeper) -> None:
    old, owned = put(keeper, age_s=3 * 3600, owned=False), put(keeper, age_s=3 * 3600)
    fresh = put(keeper, owned=False)
    sweep.run(keeper)
    assert set(keeper.store.list("")) == {owned, fresh}
    assert old not in keeper.store.list("")
    with keeper.db.read() as c:
        ticked = set(c.execute(select(swept_hours.c.hour)).scalars())
    assert len(ticked) == sweep.LOOK_BACK_HOURS
    late = put(keeper, age_s=3 * 3600, owned=False)
    sweep.run(keeper)
    assert late in keeper.store.list(""), "an hour ticked off is not listed again"


def test_an_object_whose_name_is_too_old_cannot_be_owned(keeper: Keeper) -> None:
    stored = keeper.store.put(new_name("images", "shop", keeper.db.clock() - 700), b"x")
    with pytest.raises(Exception, match="too long ago"), keeper.db.write() as c:
        owners.own(c, "shop", [stored])


def test_marked_and_expired_objects_go_with_their_rows(keeper: Keeper) -> None:
    marked, expired, kept = put(keeper, removed_at=1.0), put(keeper, expires_at=1.0), put(keeper)
    expiry.run(keeper)
    removal.run(keeper)
    assert list(keeper.store.list("")) == [kept]
    with keeper.db.read() as c:
        assert list(c.execute(select(objects.c.name)).scalars()) == [kept]
    assert marked != expired


def test_expiry_forgets_results_and_keys_of_repeated_requests(keeper: Keeper) -> None:
    job_id = accepted(keeper, state=State.SUCCEEDED, expires_at=1.0, result={"x": 1})
    with keeper.db.write() as c:
        values = {
            "tenant": "shop",
            "route": "r",
            "key": "k",
            "body_hash": "h",
            "status": 202,
            "created_at": 1.0,
        }
        c.execute(insert(idempotency).values(values))
    expiry.run(keeper)
    assert (row(keeper, job_id).state, row(keeper, job_id).result) == ("expired", None)
    with keeper.db.read() as c:
        assert c.execute(select(idempotency)).all() == []


def test_a_products_tombstone_waits_for_older_jobs(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        older = next_accept_no(c, keeper.db)
        number = next_accept_no(c, keeper.db)
        c.execute(
            insert(products).values(
                tenant="shop",
                id="p",
                catalog="default",
                attributes={},
                orders={},
                images_order=[0, 0],
                accepted_no=number,
                created_at=1.0,
                updated_at=1.0,
                deleted_no=number,
                deleted_at=1.0,
            )
        )
    job_id = accepted(keeper, kind="product", accept_no=older)
    expiry.run(keeper)
    with keeper.db.read() as c:
        assert c.execute(select(products.c.id)).scalars().all() == ["p"]
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.SUCCEEDED))
    expiry.run(keeper)
    with keeper.db.read() as c:
        assert c.execute(select(products.c.id)).scalars().all() == []


def test_a_paused_keeper_loses_its_round_and_its_late_work_does_no_harm(keeper: Keeper) -> None:
    this = Round("r", 1.0, lambda _: None)
    other = Keeper(**{**vars(keeper), "settings": keeper.settings.model_copy(update={"process": "keeper-2"})})
    first, second = Schedule(keeper, (this,)), Schedule(other, (this,))
    assert first._hold(this)
    assert not second._hold(this)
    with keeper.db.write() as c:
        from shared.db.tables import rounds

        c.execute(update(rounds).values(lease_until=now() - 1))
    assert second._hold(this)
    assert not first._hold(this)


def test_sealing_runs_without_shards(keeper: Keeper) -> None:
    sealing.run(keeper)
