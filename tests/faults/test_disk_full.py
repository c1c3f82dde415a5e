"""The disk is full: that is said, nothing half written is ever used, and with room again all goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from shared.db.tables import images, jobs, objects, shards, snapshots
from shared.storage.folder import FolderStore
from tests.deployment import deployed, until
from tests.faults.fleet import QUICK, timed
from tests.faults.shop import Posted, Shop, photo
from tests.faults.small_disk import SmallDisk, small_disk
from tests.gateway_rig import Gateway
from tests.index_rig import Rig, unit


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", megabytes=8) as made:
        yield made


def store_on(disk: SmallDisk) -> FolderStore:
    store = FolderStore(disk.path / "objects")
    store.ensure()
    return store


def test_without_room_for_objects_a_photo_is_refused_and_leaves_nothing(
    disk: SmallDisk, tmp_path: Path
) -> None:
    gateway = Gateway(f"sqlite:///{tmp_path / 'tusou.db'}", store=store_on(disk))
    gateway.make_catalog()
    with disk.full():
        answer = gateway.search()
        assert (answer.status_code, answer.json["code"]) == (503, "object_store_unavailable")
        assert "No space left" in answer.json["detail"]
        assert answer.headers["Retry-After"]
    assert gateway.rows(objects) == gateway.rows(images) == gateway.rows(jobs) == []
    files = [path for path in (disk.path / "objects").rglob("*") if path.is_file()]
    assert files == []
    assert gateway.search().status_code == 202
    gateway.close()


def test_without_room_for_the_database_writes_are_refused_and_reads_go_on(disk: SmallDisk) -> None:
    gateway = Gateway(f"sqlite:///{disk.path / 'tusou.db'}", max_queue_wait=600)
    gateway.make_catalog()
    assert gateway.put("p", title="before").status_code == 200
    with disk.full():
        answers = [gateway.put("p", title="x" * 10_000) for _ in range(3)]
        assert {(a.status_code, a.json["code"]) for a in answers} == {(503, "database_unavailable")}
        assert "full" in answers[0].json["detail"]
        assert gateway.client.get("/v1/products/p").json["title"] == "before"
    assert gateway.put("p", title="after").status_code == 200
    assert gateway.client.get("/v1/products/p").json["title"] == "after"
    gateway.close()


@pytest.mark.parametrize("lacks_room", ["store", "cache"])
def test_a_snapshot_that_finds_no_room_is_not_made_live(
    disk: SmallDisk, tmp_path: Path, lacks_room: str
) -> None:
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", disk.path if lacks_room == "cache" else tmp_path)
    if lacks_room == "store":
        rig.store = store_on(disk)
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    assert worker.seal()
    rig.put("q", unit(2))
    worker.catch_up()
    with disk.full(), pytest.raises(Exception, match="No space left"):
        worker.seal()
    assert live_snapshots(rig) == 1
    assert worker.find(unit(2))[0] == "q", "searched as before"

    with rig.db.write() as c:  # as its lease ends
        c.execute(update(shards).values(seal_lease_until=None))
    assert worker.seal()
    assert live_snapshots(rig) == 2
    again = rig.worker("w2")
    again.catch_up()
    assert again.find(unit(2))[0] == "q"


def live_snapshots(rig: Rig) -> int:
    with rig.db.read() as c:
        return int(c.execute(select(func.count()).select_from(snapshots)).scalar_one())


def test_a_worker_without_room_for_index_files_serves_its_shard_once_there_is_some(
    disk: SmallDisk, tmp_path: Path
) -> None:
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    assert worker.seal()
    rig.folder = disk.path
    fresh = rig.worker("w2")
    with disk.full():
        for future in fresh.follower.poll():
            future.exception()
        assert fresh.rows() == 0
    fresh.later(60)
    assert fresh.find(unit(1)) == ["p"]


def refusal(shop: Shop) -> Posted | None:
    posted = shop.search(photo(3))
    return posted if posted.status == 503 else None


@pytest.mark.timeout(240)
def test_a_whole_deployment_on_a_full_disk_refuses_and_goes_on_with_room(tmp_path: Path) -> None:
    """Database, objects, index files, logs and Valkey's file all lie on it."""
    data = tmp_path / "data"
    data.mkdir()
    with (
        small_disk(tmp_path / "disk", megabytes=64) as disk,
        deployed(
            disk.path / "home", model="fake", data_folder=data, **QUICK | {"TUSOU_MODEL": "fake"}
        ) as stack,
    ):
        shop = Shop(stack.url)
        assert shop.end(shop.load(data, {f"p{n}": photo(n) for n in range(8)}))["state"] == "succeeded"
        waiting = [shop.search_for(n) for n in range(8)]
        assert {p.status for p in waiting} == {202}
        with disk.full():
            refused = until(lambda: refusal(shop), within=30, what="a refusal")
            assert refused.body["retryable"] is True
            assert "space" in refused.body["detail"] or "full" in refused.body["detail"]
            assert all(child.running() for child in stack.children)
        with timed("a full disk"):
            shop.all_found()
            until(lambda: shop.match(photo(3)) == "p3", within=60, what="a search with room again")
            shop.put_image(data, "new", photo(100))
            until(lambda: shop.match(photo(100)) == "new", within=60, what="a new product")
        shop.close()
