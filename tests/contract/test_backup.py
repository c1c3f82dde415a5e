"""A backup holds a moment of the deployment, and gives it back to any database and store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from shared.backup import copying
from shared.backup import manifest as manifests
from shared.backup.hold import Hold
from shared.db import schema
from shared.db.engine import Database, now
from shared.db.round_lease import REMOVAL
from shared.db.tables import chunks, images, jobs, objects, rounds, secrets, workers
from shared.errors import Conflict, ObjectCorrupt, SchemaOutdated, StoreUnavailable
from shared.fsck.examine import examine
from shared.storage import owners
from shared.storage.folder import FolderStore
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.open import open_store
from shared.storage.port import ObjectStore
from tests.backup_rig import ShopRig, everything
from tests.fsck_damage import an_import
from tests.index_rig import unit


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[ShopRig]:
    rig = ShopRig(database_url, tmp_path)
    rig.fill(rig.worker())
    yield rig
    rig.db.close()


@pytest.fixture
def small_shop(tmp_path: Path) -> Iterator[ShopRig]:
    rig = ShopRig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    rig.fill()
    yield rig
    rig.db.close()


@pytest.fixture
def target() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def there(shop: ShopRig, tmp_path: Path) -> Iterator[ShopRig]:
    """An empty database and store."""
    yield from empty(shop, f"sqlite:///{tmp_path / 'there.db'}", MemoryStore())


@pytest.fixture
def small_there(small_shop: ShopRig, tmp_path: Path) -> Iterator[ShopRig]:
    yield from empty(small_shop, f"sqlite:///{tmp_path / 'there.db'}", MemoryStore())


def empty(shop: ShopRig, url: str, store: ObjectStore) -> Iterator[ShopRig]:
    other = shop.over(Database(url), store)
    yield other
    other.db.close()


class Breaks(MemoryStore):
    """Fails at the `at`-th put, as if the process had been killed there."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def put(self, name: str, data: Any, length: int | None = None) -> Any:
        self.left -= 1
        if self.left == 0:
            raise StoreUnavailable("killed")
        return super().put(name, data, length)


def answers(shop: ShopRig, name: str) -> list[list[dict[str, Any]]]:
    """Whole hits: scores, boxes and what the shop says of each product too."""
    worker = shop.worker(name)
    worker.catch_up()
    return [worker.hits(unit(n), limit=5) for n in range(0, 26, 3)]


# round trips


def test_every_row_and_object_comes_back_and_every_answer_is_the_same(
    shop: ShopRig, there: ShopRig, target: MemoryStore
) -> None:
    expected, held = answers(shop, "before"), everything(shop.db)
    shop.backup(target)
    there.restore(target)
    assert everything(there.db, but={"jobs"}) == {n: r for n, r in held.items() if n != "jobs"}
    assert there.store.objects.keys() == {row[0] for row in held["objects"]}
    assert examine(there.db, there.store, again_after=0) == []
    assert answers(there, "after") == expected


def test_a_folder_and_sqlite_go_to_s3_and_postgresql_and_back(
    small_shop: ShopRig, postgres_url: str, minio_url: str, tmp_path: Path
) -> None:
    expected, held = answers(small_shop, "before"), everything(small_shop.db)
    first = FolderStore(tmp_path / "backups")
    small_shop.backup(first)
    production = small_shop.over(Database(postgres_url), open_store(minio_url))
    production.restore(first)
    assert answers(production, "production") == expected
    bucket = open_store(f"{minio_url.replace('?', '-backup?')}")
    production.backup(bucket)
    back = small_shop.over(Database(f"sqlite:///{tmp_path / 'back.db'}"), FolderStore(tmp_path / "objects"))
    back.restore(bucket)
    assert answers(back, "back") == expected
    assert everything(back.db, but={"jobs"}) == {n: r for n, r in held.items() if n != "jobs"}
    production.db.close()
    back.db.close()


def test_values_keep_their_type(shop: ShopRig, there: ShopRig, target: MemoryStore) -> None:
    """JSON's null is not SQL's, bytes are bytes, and long numbers are not rounded."""
    job_id = shop.job(unit(1))
    precise, long = 1795690485.1589932, 2**62 + 1
    with shop.db.write() as c:
        c.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(
                state="succeeded",
                finished_at=precise,
                expires_at=precise,
                lease_until=None,
                accept_no=long,
                outcome=bytes(range(256)),
                request={"a": [1, 2.5, None, "ünï\u2028", True]},
            )
        )
        c.execute(text(f"UPDATE jobs SET error = 'null', progress = NULL WHERE id = '{job_id}'"))
    shop.backup(target)
    there.restore(target)
    assert everything(there.db)["jobs"] == everything(shop.db)["jobs"]
    with there.db.read() as c:
        query = text(f"SELECT CAST(error AS TEXT), CAST(progress AS TEXT) FROM jobs WHERE id = '{job_id}'")
        assert c.execute(query).one() == ("null", None)


# what a backup copies


def test_a_second_backup_copies_only_what_is_new(small_shop: ShopRig, target: MemoryStore) -> None:
    first = small_shop.backup(target)
    assert first.copied.copied == first.manifest.objects > 40
    small_shop.put("new", unit(99))
    second = small_shop.backup(target)
    assert (second.copied.copied, second.copied.kept) == (2, first.manifest.objects)  # picture and thumbnail


def test_large_objects_of_the_same_bytes_are_copied_side_by_side(
    tmp_path: Path, target: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "IN_MEMORY", 0)
    both_are_fetched = threading.Barrier(2)
    paths: set[Path] = set()

    class Slow(FolderStore):
        def fetch_to(self, name: str, path: Path, *, sha256: str, length: int) -> None:
            super().fetch_to(name, path, sha256=sha256, length=length)
            paths.add(path)
            both_are_fetched.wait(30)

    source = Slow(tmp_path / "objects")
    source.ensure()
    same = [source.put(new_name("manifests", "shop", hour * 3600.0), b"id\np1\n") for hour in (1, 2)]
    done = copying.copy_all(source, target, same)
    assert (done.copied, done.lost, len(paths)) == (2, {}, 2)


def test_old_dumps_go_and_with_them_what_no_dump_names(small_shop: ShopRig, target: MemoryStore) -> None:
    small_shop.backup(target, keep=2)
    with small_shop.db.read() as c:
        query = select(images.c.normalised).where(images.c.product_id == "p25")
        picture = c.execute(query).scalar_one()
    small_shop.delete("p25")
    with small_shop.db.write() as c:
        c.execute(objects.delete().where(objects.c.removed_at.is_not(None)))
    second = small_shop.backup(target, keep=2)
    assert (second.pruned, picture in target.objects) == ((0, 0), True)
    third = small_shop.backup(target, keep=2)
    assert third.pruned[0] == 1
    assert picture not in target.objects
    assert manifests.read(target, second.manifest.dump) == second.manifest


def test_what_no_backup_put_there_is_not_pruned(small_shop: ShopRig, target: MemoryStore) -> None:
    """The list of what was erased may be kept in the same place, and it is the only copy."""
    erased = target.put(new_name("erased", "0" * 64, 0.0), b"{}")
    laid_down = target.put("incoming/models/mine.pth", b"weights")
    for _ in range(2):
        small_shop.backup(target, keep=1)
    assert {erased.name, laid_down.name} <= target.objects.keys()


def test_what_a_backup_was_killed_in_goes_on(small_shop: ShopRig) -> None:
    half = Breaks(at=30)
    with pytest.raises(StoreUnavailable):
        small_shop.backup(half)
    done = small_shop.backup(half)
    assert done.copied.kept >= 20
    assert half.left < 0


@pytest.mark.parametrize("at", [1, 25])
def test_a_killed_backup_leaves_the_one_before_whole(small_shop: ShopRig, at: int, tmp_path: Path) -> None:
    target = Breaks(at=0)
    first = small_shop.backup(target)
    small_shop.put_chunk(["c1", "c2"], [unit(1), unit(2)])  # type: ignore[arg-type] # rows of an array
    target.left = at
    try:
        small_shop.backup(target)
    except StoreUnavailable:
        newest = manifests.read(target)
        assert newest == first.manifest
    for there in empty(small_shop, f"sqlite:///{tmp_path / 'there.db'}", MemoryStore()):
        there.restore(target, first.manifest.dump)
        assert examine(there.db, there.store, again_after=0) == []


def test_an_object_that_is_removed_meanwhile_is_in_neither_the_dump_nor_missed(
    small_shop: ShopRig, small_there: ShopRig
) -> None:
    """A product goes, and a keeper in the middle of its round removes the pictures before they are copied."""

    lock = threading.Lock()

    class Meanwhile(MemoryStore):
        def put(self, name: str, data: Any, length: int | None = None) -> Any:
            with lock:
                if not self.objects:
                    late()
            return super().put(name, data, length)

    def late() -> None:
        small_shop.delete("p25")
        with small_shop.db.write() as c:
            gone = c.execute(
                objects.delete().where(objects.c.removed_at.is_not(None)).returning(objects.c.name)
            )
            for name in gone.scalars():
                small_shop.store.delete(name)

    target = Meanwhile()
    done = small_shop.backup(target)
    assert done.copied.lost == {}
    small_there.restore(target)
    assert examine(small_there.db, small_there.store, again_after=0) == []


def test_what_the_deployment_has_lost_is_told_and_the_rest_is_backed_up(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore
) -> None:
    with small_shop.db.read() as c:
        name = c.execute(select(images.c.thumbnail).limit(1)).scalar_one()
    small_shop.store.delete(name)
    done = small_shop.backup(target)
    assert done.manifest.absent == (name,)
    small_there.restore(target)
    found = [(f.code, f.subject) for f in examine(small_there.db, small_there.store, again_after=0)]
    assert found == [("object_missing", name)]


def test_keepers_remove_nothing_while_a_dump_s_objects_are_copied(small_shop: ShopRig) -> None:
    with Hold(small_shop.db, "test") as hold:
        hold.begin_window()
        with small_shop.db.read() as c:
            held = c.execute(
                select(rounds.c.lease_until > now()).where(rounds.c.name == REMOVAL)
            ).scalar_one()
        assert held
    with small_shop.db.read() as c:
        held = c.execute(select(rounds.c.lease_until > now()).where(rounds.c.name == REMOVAL)).scalar_one()
    assert not held


def test_two_backups_at_once_are_one(small_shop: ShopRig, target: MemoryStore) -> None:
    with Hold(small_shop.db, "another"), pytest.raises(Conflict, match="another backup"):
        small_shop.backup(target)


def test_a_backup_under_writes_is_of_one_moment(shop: ShopRig, there: ShopRig, target: MemoryStore) -> None:
    stop = threading.Event()
    numbers = iter(range(1000, 10**6))

    def write() -> None:
        while not stop.is_set():
            n = next(numbers)
            shop.put(f"w{n}", unit(n))
            if n % 3 == 0:
                shop.delete(f"w{n}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2):
            shop.backup(target, keep=1)
    finally:
        stop.set()
        writer.join()
    there.restore(target)
    assert examine(there.db, there.store, again_after=0) == []


# what a restore refuses, and how it is repeated


def test_a_restore_needs_force_where_anything_is(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore
) -> None:
    held = everything(small_shop.db)
    small_shop.backup(target)
    small_shop.put("later", unit(77))
    with pytest.raises(Conflict, match="27 products"):
        small_shop.restore(target)
    image = next(name for name in small_shop.store.objects if name.startswith("images/"))
    small_there.store.put(image[:-1] + "0", b"somebody's")
    with pytest.raises(Conflict, match="1 objects"):
        small_there.restore(target)
    small_shop.restore(target, force=True)
    assert everything(small_shop.db) == held


@pytest.mark.parametrize("at", [1, 30])
def test_a_restore_that_was_killed_is_run_again(
    small_shop: ShopRig, target: MemoryStore, tmp_path: Path, at: int
) -> None:
    small_shop.backup(target)
    for there in empty(small_shop, f"sqlite:///{tmp_path / 'there.db'}", Breaks(at)):
        with pytest.raises(StoreUnavailable):
            there.restore(target)
        there.restore(target)
        assert everything(there.db) == everything(small_shop.db)


def test_nothing_starts_on_half_a_restore(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the rows are there, and before what was erased since is erased again."""
    small_shop.backup(target)

    def killed(*_: object, **__: object) -> int:
        raise StoreUnavailable("killed")

    with monkeypatch.context() as patched:
        patched.setattr("shared.backup.restore.apply_erased_list", killed)
        with pytest.raises(StoreUnavailable):
            small_there.restore(target)
    with pytest.raises(SchemaOutdated, match="restore"):
        schema.check(small_there.db)
    with pytest.raises(Conflict, match="restore"):
        schema.migrate(small_there.db)
    small_there.restore(target)
    schema.check(small_there.db)


@pytest.mark.parametrize("what", ["products", "manifest", "images/", "segments/"])
def test_a_damaged_backup_is_refused_before_anything_changes(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore, what: str
) -> None:
    small_shop.backup(target)
    name = next(name for name in sorted(target.objects) if what in name)
    data = bytearray(target.objects[name])
    data[len(data) // 2] ^= 1
    target.objects[name] = bytes(data)
    with pytest.raises(ObjectCorrupt):
        small_there.restore(target)
    with small_there.db.read() as c:
        assert schema.found(c) is None
    if "/" in what:
        assert small_there.restore(target, accept_losses=True).lost.keys() == {name}
        small_shop.backup(target, verify=True)  # copies it anew
        small_there.restore(target, force=True)
        assert examine(small_there.db, small_there.store, again_after=0) == []


def test_a_dump_of_a_newer_schema_is_refused(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_shop.backup(target)
    with monkeypatch.context() as patched:
        patched.setattr(schema, "known", lambda _: False)
        with pytest.raises(Conflict, match="newer version"):
            small_there.restore(target)
        with pytest.raises(Conflict, match="newer version"):
            small_shop.backup(target)


def test_tables_of_others_in_the_same_database_are_left_alone(
    small_shop: ShopRig, target: MemoryStore
) -> None:
    with small_shop.db.write() as c:
        c.execute(text("CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY, odd POINT)"))
        c.execute(text("INSERT INTO somebody_elses VALUES (1, 'x')"))
    assert "somebody_elses" not in small_shop.backup(target).manifest.tables
    with small_shop.db.write() as c:
        schema.stamp(c, schema.RESTORING)  # so that tables are dropped and made anew
    small_shop.restore(target, force=True)
    with small_shop.db.read() as c:
        assert c.execute(text("SELECT id FROM somebody_elses")).scalar() == 1


def test_a_dump_of_an_older_schema_is_migrated(tmp_path: Path, target: MemoryStore) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with old.write() as c:
        schema.upgrade(c, "0001")
        c.execute(insert(secrets).values(name="kept", value="x"))
    rig = object.__new__(ShopRig)
    rig.__dict__ = {"db": old, "store": MemoryStore()}
    assert rig.backup(target).manifest.schema == "0001"
    for there in empty(rig, f"sqlite:///{tmp_path / 'there.db'}", MemoryStore()):
        there.restore(target)
        schema.check(there.db)
        assert everything(there.db)["secrets"] == [("kept", "x")]
    old.close()


@pytest.mark.parametrize("table", [rounds, workers])
def test_a_restore_waits_for_keepers_and_workers_and_then_refuses(
    small_shop: ShopRig, target: MemoryStore, monkeypatch: pytest.MonkeyPatch, table: Any
) -> None:
    small_shop.backup(target)
    row = (
        {"name": "redispatch", "holder": "k", "lease_until": now() + 60}
        if table is rounds
        else {"process": "v", "kind": "vision", "stats": {}, "seen_at": now()}
    )
    with small_shop.db.write() as c:
        c.execute(insert(table).values(row))
    monkeypatch.setattr("shared.backup.restore.STOPPED_WITHIN_S", 0.5)
    with pytest.raises(Conflict, match="is running: stop"):
        small_shop.restore(target, force=True)


# what comes back


def test_work_that_was_under_way_begins_again(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore
) -> None:
    search = small_shop.job(unit(3))
    load = an_import(small_shop)
    with small_shop.db.write() as c:
        lease = {"claimed_by": "dead", "lease_until": now() + 20}
        c.execute(update(chunks).where(chunks.c.no == 0).values(state="running", attempt=4, **lease))
        c.execute(update(jobs).where(jobs.c.id == search).values(attempt=4, **lease))
    small_shop.backup(target)
    assert small_there.restore(target).open_jobs == 2
    row = small_there.row(search)
    assert (row.state, row.stage, row.attempt, row.lease_until, row.outcome) == (
        "running",
        "embed",
        5,
        None,
        None,
    )
    assert row.due_at is not None
    assert small_there.row(load).due_at is None  # its chunks are claimed one by one
    with small_there.db.read() as c:
        told = c.execute(select(chunks.c.state, chunks.c.attempt, chunks.c.lease_until).order_by(chunks.c.no))
        assert told.all() == [("open", 5, None), ("open", 0, None)]
    assert examine(small_there.db, small_there.store, again_after=0) == []


def test_who_runs_and_who_holds_rounds_is_in_no_backup(
    small_shop: ShopRig, small_there: ShopRig, target: MemoryStore
) -> None:
    with small_shop.db.write() as c:
        c.execute(insert(workers).values(process="v", kind="vision", stats={}, seen_at=now()))
    small_shop.backup(target)
    small_there.restore(target)
    with small_there.db.read() as c:
        assert c.execute(select(workers)).all() == c.execute(select(rounds)).all() == []


def test_an_older_state_under_running_index_workers_gives_no_wrong_answer(
    shop: ShopRig, target: MemoryStore
) -> None:
    """The chain tells them: what they hold is dropped, and what the backup holds loaded."""
    running = shop.worker("running")
    running.catch_up()
    shop.backup(target)
    expected = answers(shop, "before")
    for n in range(40, 46):
        shop.put(f"later{n}", unit(n))
    shop.delete("p9")
    running.catch_up()
    assert running.find(unit(45), limit=1) == ["later45"]
    shop.restore(target, force=True)
    running.catch_up()
    running.later(60)
    assert [running.hits(unit(n), limit=5) for n in range(0, 26, 3)] == expected
    # Written on from there, past where they were: of another history, and as long.
    for n in range(40, 54):
        shop.put(f"other{n}", unit(n))
    running.catch_up()
    assert running.find(unit(45), limit=1) == ["other45"]
    assert examine(shop.db, shop.store, again_after=0) == []


def test_marked_objects_are_not_backed_up(small_shop: ShopRig, target: MemoryStore) -> None:
    stored = small_shop.store.put("images/2026010101/shop/01M8BQWNCN5D8NK628QAHQYA1H", b"x")
    with small_shop.db.write() as c:
        c.execute(
            insert(objects).values(
                name=stored.name, tenant="shop", sha256=stored.sha256, length=1, created_at=1
            )
        )
        owners.remove(c, [stored.name])
    small_shop.backup(target)
    assert stored.name not in target.objects
