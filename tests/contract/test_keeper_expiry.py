"""What was kept for its time goes, on both databases; and what nobody owns."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, literal, select, update

from shared.catalog.locks import next_accept_no
from shared.db.engine import Database, now
from shared.db.tables import chunks, idempotency, images, imports, jobs, objects, products, swept_hours
from shared.errors import Unavailable
from shared.jobs.job import State
from shared.storage import names, owners
from shared.storage.names import new_name
from tests.keeper_rig import accepted, imported, new_keeper, row
from workers.keeper.deps import Keeper
from workers.keeper.rounds import batches, expiry, lapses, removal, sweep
from workers.keeper.schedule import HOLD_S, ROUNDS


@pytest.fixture
def keeper(db: Database, tmp_path: Path) -> Keeper:
    return new_keeper(db, tmp_path)


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


def test_an_orphan_goes_within_two_hours_of_its_name_and_not_long_before_an_hour_is_over(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of the test's: an hour's orphans go together, so the first of it is the oldest to stay."""
    hour = 500_000 * 3600.0
    first, last, next_one = (
        keeper.store.put(new_name("images", "shop", at), b"x").name
        for at in (hour, hour + 3599.9, hour + 3600)
    )

    def left_at(clock: float) -> set[str]:
        monkeypatch.setattr(sweep, "now", lambda: literal(clock))
        sweep.run(keeper)
        return set(keeper.store.list(""))

    assert left_at(hour + 6899.9) == {first, last, next_one}
    assert left_at(hour + 6900) == {next_one}
    assert left_at(hour + 10499.9) == {next_one}
    assert left_at(hour + 10500) == set()


def test_the_sweep_comes_in_time_though_the_keeper_that_held_its_round_has_just_died() -> None:
    (every_s,) = (this.every_s for this in ROUNDS if this.run is sweep.run)
    held_s = max(HOLD_S, 2 * every_s)
    assert held_s + every_s < names.SETTLED_EARLY_S


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
            "created_at": 1.0,
        }
        c.execute(insert(idempotency).values(values))
    expiry.run(keeper)
    assert (row(keeper, job_id).state, row(keeper, job_id).result) == ("expired", None)
    with keeper.db.read() as c:
        assert c.execute(select(idempotency)).all() == []


def buried(keeper: Keeper, product_id: str) -> int:
    """A product's tombstone, an hour old and more; returns its number."""
    with keeper.db.write() as c:
        number = next_accept_no(c, keeper.db)
        c.execute(
            insert(products).values(
                tenant="shop",
                id=product_id,
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
    return number


def tombstones(keeper: Keeper) -> list[str]:
    with keeper.db.read() as c:
        return list(c.execute(select(products.c.id).order_by(products.c.id)).scalars())


def test_a_products_tombstone_waits_for_older_jobs(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        older = next_accept_no(c, keeper.db)
    buried(keeper, "p")
    job_id = accepted(keeper, kind="product", accept_no=older)
    expiry.run(keeper)
    assert tombstones(keeper) == ["p"]
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(state=State.SUCCEEDED))
    expiry.run(keeper)
    assert tombstones(keeper) == []


def test_tombstones_go_in_batches_up_to_the_oldest_job_that_may_still_write(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    numbers = [buried(keeper, f"p{n}") for n in range(7)]
    accepted(keeper, kind="product", accept_no=numbers[5], state=State.FAILED)
    accepted(keeper, kind="product", accept_no=numbers[0], state=State.SUCCEEDED)
    expiry.run(keeper)
    assert tombstones(keeper) == ["p6"]


def test_photos_go_though_results_cannot(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    with keeper.db.write() as c:
        photo = {"id": "i", "tenant": "shop", "state": "ready", "created_at": 1.0, "expires_at": 1.0}
        c.execute(insert(images).values(photo))

    def fails(*_: Any, **__: Any) -> int:
        raise Unavailable("away")

    monkeypatch.setattr(expiry, "expire", fails)
    with pytest.raises(Unavailable):
        expiry.run(keeper)
    with keeper.db.read() as c:
        assert c.execute(select(images.c.id)).all() == []


def test_more_than_a_batch_expires_in_one_round(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (batches, expiry):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    ids = [accepted(keeper, state=State.SUCCEEDED, expires_at=1.0) for _ in range(5)]
    expiry.run(keeper)
    assert {row(keeper, job_id).state for job_id in ids} == {"expired"}


def test_the_row_of_an_expired_job_goes_at_its_time(keeper: Keeper) -> None:
    gone = accepted(keeper, state=State.EXPIRED, expires_at=1.0)
    kept = accepted(keeper, state=State.EXPIRED, expires_at=2e12)
    expiry.run(keeper)
    with keeper.db.read() as c:
        left = list(c.execute(select(jobs.c.id)).scalars())
    assert left == [kept]
    assert gone not in left


def test_a_failed_import_is_kept_as_long_as_its_row_errors_from_its_end_on(keeper: Keeper) -> None:
    job_id = imported(keeper, rows=4)
    lost = {"lease_until": now() - 60, "suspect": True, "losses_alone": 2}
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(lost))
    lapses.run(keeper)
    ended = row(keeper, job_id)
    assert ended.state == "failed"
    assert ended.expires_at - ended.finished_at == pytest.approx(keeper.settings.errors_retention, abs=0.1)
    with keeper.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == job_id).values(expires_at=1.0))
    expiry.run(keeper)
    with keeper.db.read() as c:
        assert c.execute(select(imports)).all() == c.execute(select(chunks)).all() == []
        removed = c.execute(select(objects.c.removed_at)).scalars().all()
    assert None not in removed


def test_hours_beyond_the_look_back_are_forgotten(keeper: Keeper) -> None:
    with keeper.db.write() as c:
        c.execute(insert(swept_hours).values(hour="2020010100"))
    sweep.run(keeper)
    with keeper.db.read() as c:
        ticked = set(c.execute(select(swept_hours.c.hour)).scalars())
    assert "2020010100" not in ticked
    assert len(ticked) == sweep.LOOK_BACK_HOURS
