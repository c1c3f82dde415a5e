"""What a restore waits for, refuses, clears and copies once more: each condition, met and just not met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from shared.backup import load, take
from shared.backup import manifest as manifests
from shared.backup.hold import TURN
from shared.backup.manifest import Manifest
from shared.backup.restore import Restored, restore
from shared.db import schema
from shared.db.engine import Database, now
from shared.db.tables import erasures, jobs, parts, products, rounds, shards, swept_hours, workers
from shared.erasure.erased_list import Erased
from shared.erasure.receipts import ErasedKind, issue
from shared.errors import Conflict, ObjectCorrupt
from shared.fsck.examine import examine
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from tests.backup_rig import ShopRig
from tests.index_rig import unit


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopRig]:
    rig = ShopRig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    rig.fill()
    yield rig
    rig.db.close()


@pytest.fixture
def there(shop: ShopRig, tmp_path: Path) -> Iterator[ShopRig]:
    """An empty database and store."""
    other = shop.over(Database(f"sqlite:///{tmp_path / 'there.db'}"), MemoryStore())
    yield other
    other.db.close()


@pytest.fixture
def source(shop: ShopRig) -> MemoryStore:
    """A backup of the shop."""
    target = MemoryStore()
    shop.backup(target)
    return target


def restored(shop: ShopRig, source: MemoryStore, made: Manifest, **options: Any) -> Restored:
    return restore(shop.db, shop.store, source, made, **{"erased": (), **options})


def flip(store: MemoryStore, name: str) -> None:
    data = bytearray(store.objects[name])
    data[len(data) // 2] ^= 1
    store.objects[name] = bytes(data)


def a_picture(source: MemoryStore) -> str:
    return min(name for name in source.objects if name.startswith("images/"))


# what is not of the backup


def test_users_own_files_and_the_list_of_what_was_erased_may_be_there_already(
    there: ShopRig, source: MemoryStore
) -> None:
    own = {"incoming/shop/rows.csv", new_name("erased", "0" * 64, 1_700_000_000.0)}
    there.store.objects |= dict.fromkeys(own, b"x")
    there.restore(source)
    assert own <= there.store.objects.keys()


def test_what_was_erased_since_the_backup_is_hidden_again(there: ShopRig, source: MemoryStore) -> None:
    gone = Erased("shop", ErasedKind.PRODUCT, "p1", "default", 10**6, 1.0)
    done = restored(there, source, manifests.read(source), erased=[gone])
    assert done.erased == 1
    with there.db.read() as c:
        assert c.execute(select(products.c.deleted_no).where(products.c.id == "p1")).scalar() == 10**6


def test_who_was_there_before_is_there_no_more(shop: ShopRig, source: MemoryStore) -> None:
    with shop.db.write() as c:
        c.execute(insert(workers).values(process="v", kind="vision", stats={}, seen_at=1.0))
        c.execute(insert(rounds).values(name="sweep", holder="k", lease_until=1.0))
        c.execute(insert(swept_hours).values(hour="2026010101"))
    shop.restore(source, force=True)
    with shop.db.read() as c:
        assert [c.execute(select(table)).all() for table in (workers, rounds, swept_hours)] == [[], [], []]


# what is refused


def test_a_database_of_a_newer_schema_is_not_replaced_even_by_force(
    shop: ShopRig, source: MemoryStore
) -> None:
    with shop.db.write() as c:
        schema.stamp(c, "9999")
    with pytest.raises(Conflict, match="9999"):
        shop.restore(source, force=True)
    with shop.db.read() as c:
        assert schema.found(c) == "9999"


@pytest.mark.parametrize("wrong", ["rows", "columns"])
def test_a_dump_that_is_not_what_its_manifest_says_changes_nothing(
    there: ShopRig, source: MemoryStore, wrong: str
) -> None:
    made = manifests.read(source)
    file = made.tables["products"]
    if wrong == "rows":
        file = replace(file, rows=file.rows + 1)
    else:
        file = replace(file, columns={f"{name}x": kind for name, kind in file.columns.items()})
    with pytest.raises(ObjectCorrupt):
        restored(there, source, replace(made, tables={**made.tables, "products": file}))
    if wrong == "rows":
        assert there.store.objects == {}, "told before any object was copied"
    with there.db.read() as c:
        assert schema.found(c) is None


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (rounds, {"name": "redispatch", "holder": "k", "lease_until": 1.0}),
        (rounds, {"name": "sweep", "holder": "k", "lease_until": 1e12}),
        (workers, {"process": "v", "kind": "vision", "stats": {}, "seen_at": 1.0}),
    ],
)
def test_leases_that_ended_and_workers_long_unseen_hold_nothing_up(
    shop: ShopRig, source: MemoryStore, monkeypatch: pytest.MonkeyPatch, table: Any, row: dict[str, Any]
) -> None:
    monkeypatch.setattr("shared.backup.restore.STOPPED_WITHIN_S", 0.0)
    with shop.db.write() as c:
        c.execute(insert(table).values(row))
    shop.restore(source, force=True)


# what is copied


def test_what_a_killed_restore_left_damaged_is_copied_anew(there: ShopRig, source: MemoryStore) -> None:
    name = a_picture(source)
    there.store.objects[name] = source.objects[name]
    flip(there.store, name)
    there.restore(source)
    assert there.store.objects[name] == source.objects[name]


@pytest.mark.parametrize("lost", [False, True])
def test_what_a_keeper_swept_before_a_row_named_it_is_copied_once_more(
    there: ShopRig, source: MemoryStore, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    name, loaded = a_picture(source), load.load

    def swept(*of: Any) -> None:
        loaded(*of)
        del there.store.objects[name]
        if lost:
            del source.objects[name]

    monkeypatch.setattr(load, "load", swept)
    done = there.restore(source)
    assert done.lost.keys() == ({name} if lost else set())
    assert (name in there.store.objects) is not lost
    found = [finding.subject for finding in examine(there.db, there.store, again_after=0)]
    assert found == ([name] if lost else [])


def test_a_backup_that_lost_its_turn_meanwhile_does_not_count(
    shop: ShopRig, source: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, dumped = manifests.read(source), take.dump

    def robbed(*of: Any) -> Any:
        with shop.db.write() as c:
            another = {"holder": "another", "lease_until": now() + 60}
            c.execute(update(rounds).where(rounds.c.name == TURN).values(**another))
        return dumped(*of)

    monkeypatch.setattr(take, "dump", robbed)
    with pytest.raises(Conflict, match="another backup began"):
        shop.backup(source)
    assert manifests.read(source) == first


# what begins again


def test_nothing_of_who_worked_on_it_comes_back(shop: ShopRig, there: ShopRig) -> None:
    lease = {"claimed_by": "dead", "lease_until": now() + 20, "due_at": None}
    search, write = shop.job(unit(1)), shop.job(unit(1))
    with shop.db.write() as c:
        c.execute(update(jobs).where(jobs.c.id == write).values(kind="product", stage="embed_write", **lease))
        c.execute(insert(parts).values(job_id=search, group="g1", body={}))
        c.execute(update(shards).values(seal_holder="dead", seal_lease_until=now() + 20))
        receipt = issue(c, tenant="shop", kind=ErasedKind.PRODUCT, subject="p3", erase_within=60)
        c.execute(
            update(erasures).where(erasures.c.id == receipt.id).values(unwritten='{"jobs": "base/1/2"}')
        )
    target = MemoryStore()
    shop.backup(target)
    there.restore(target)
    row = there.row(write)
    assert (row.stage, row.claimed_by, row.lease_until) == ("embed_write", None, None)
    assert row.due_at is not None, "whose lease was its only time would never be sent"
    with there.db.read() as c:
        assert c.execute(select(parts)).all() == []
        held = c.execute(select(shards.c.seal_holder, shards.c.seal_lease_until)).all()
        assert set(held) == {(None, None)}
        assert set(c.execute(select(erasures.c.unwritten)).scalars()) == {None}
