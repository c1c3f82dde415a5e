"""Snapshot files cut short or with a bit turned: noticed before FAISS reads them; no answer is wrong."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Row, func, select, update

from shared.db.tables import shards, snapshots
from shared.storage.memory import MemoryStore
from tests.deployment import until
from tests.faults.conftest import PRODUCTS as OF_THE_FLEET
from tests.faults.conftest import World
from tests.faults.shop import photo
from tests.index_rig import Rig, Worker, unit
from workers.indexer.cached import sha256_of
from workers.indexer.engine.faiss_engine import FaissEngines
from workers.indexer.engine.port import ShardEngine

PRODUCTS = 300
GONE = 40
OFFSETS = 200
ASKED = (GONE - 1, PRODUCTS - 1)  # a product that is gone, and one that is there
# Small enough for a test, and so that the base is an IVF index and no flat one.
SETTINGS = {"exact_below": 50}


class Engines(FaissEngines):
    """Notes the SHA-256 of every file at the moment it is handed to FAISS."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, str]] = []

    def load(self, manifest: Mapping[str, Any], files: Mapping[str, Path], fingerprint: str) -> ShardEngine:
        self.opened += [(name, sha256_of(path)) for name, path in files.items()]
        return super().load(manifest, files, fingerprint)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Two snapshots, products deleted between them, and a few log entries after the newer one."""
    folder = tmp_path_factory.mktemp("damaged")
    rig = Rig(f"sqlite:///{folder / 'tusou.db'}", folder)
    rig.put_chunk([f"p{n}" for n in range(PRODUCTS)], np.stack([unit(n) for n in range(PRODUCTS)]))
    worker = rig.worker(**SETTINGS)
    worker.catch_up()
    assert worker.seal()
    for n in range(GONE):
        rig.delete(f"p{n}")
    rig.put("late", unit(PRODUCTS))
    worker.catch_up()
    assert worker.seal()
    rig.put("later", unit(PRODUCTS + 1))
    yield rig
    rig.db.close()


@pytest.fixture(scope="module")
def wanted(rig: Rig) -> list[list[tuple[str, float]]]:
    return answers(started(rig, "whole")[0])


def started(rig: Rig, name: str) -> tuple[Worker, Engines]:
    worker = rig.worker(name, **SETTINGS)
    engines = Engines()
    worker.indexer = replace(worker.indexer, engines=engines)
    worker.follower._indexer = worker.indexer
    worker.catch_up()
    return worker, engines


def answers(worker: Worker) -> list[list[tuple[str, float]]]:
    found = [worker.answer(worker.rig.job(unit(n))) for n in ASKED]
    return [
        [(hit["product"]["id"], round(hit["score"], 4)) for hit in job.result["items"][0]["hits"]]
        for job in found
    ]


def newest(rig: Rig) -> Row[Any]:
    with rig.db.read() as c:
        return c.execute(select(snapshots).order_by(snapshots.c.seq.desc()).limit(1)).one()


def damages(rig: Rig) -> list[tuple[str, int, bool]]:
    """(file of the newest snapshot, offset, whether it is cut there or one bit is turned), by a seed."""
    chance = random.Random(13)
    files = newest(rig).files
    chosen = []
    for _ in range(OFFSETS):
        name = chance.choice(sorted(files))
        chosen.append((name, chance.randrange(files[name]["length"]), chance.random() < 0.5))
    return chosen


def damaged(data: bytes, offset: int, cut: bool) -> bytes:
    if cut:
        return data[:offset]
    return data[:offset] + bytes([data[offset] ^ (1 << offset % 8)]) + data[offset + 1 :]


def check_opened(engines: Engines, rig: Rig) -> None:
    """FAISS was given files only that are byte for byte what some snapshot names."""
    with rig.db.read() as c:
        named = {
            (name, stored["sha256"])
            for files in c.execute(select(snapshots.c.files)).scalars()
            for name, stored in files.items()
        }
    assert set(engines.opened) <= named


def test_a_damaged_object_is_noticed_and_the_snapshot_before_and_the_log_give_the_same_answers(
    rig: Rig, wanted: list[list[tuple[str, float]]]
) -> None:
    before = newest(rig)
    fallen_back = 0
    for number, (name, offset, cut) in enumerate(damages(rig)[: OFFSETS // 2]):
        stored = before.files[name]
        assert isinstance(rig.store, MemoryStore)
        whole = rig.store.objects[stored["object"]]
        rig.store.objects[stored["object"]] = damaged(whole, offset, cut)
        worker, engines = started(rig, f"object-{number}")
        assert answers(worker) == wanted, (name, offset, cut)
        check_opened(engines, rig)
        fallen_back += newest(rig).bad_at is not None
        rig.store.objects[stored["object"]] = whole
        with rig.db.write() as c:  # good again, for the next one
            c.execute(update(snapshots).values(bad_at=None))
    assert fallen_back == OFFSETS // 2


def test_a_damaged_file_of_the_cache_is_fetched_again(
    rig: Rig, wanted: list[list[tuple[str, float]]]
) -> None:
    worker, _ = started(rig, "cache")
    folder = worker.indexer.cache / rig.index.id / "0"
    files = newest(rig).files
    for name, offset, cut in damages(rig)[OFFSETS // 2 :]:
        path = folder / files[name]["sha256"]
        # Another file in its place: what is open keeps what it has.
        broken = path.with_suffix(".broken")
        broken.write_bytes(damaged(path.read_bytes(), offset, cut))
        broken.replace(path)
        worker, engines = started(rig, "cache")
        assert answers(worker) == wanted, (name, offset, cut)
        assert (name, files[name]["sha256"]) in engines.opened
        check_opened(engines, rig)


def snapshot_of_the_fleet(world: World, number: int) -> None:
    """A product more, and a snapshot that has it."""

    def count() -> int:
        with world.fleet.db.read() as c:
            return int(c.execute(select(func.count()).select_from(snapshots)).scalar_one())

    product_id = f"sealed{number}"
    world.shop.end(world.shop.load(world.fleet.data_folder, {product_id: photo(7000 + number)}))
    before = count()
    with world.fleet.db.write() as c:
        c.execute(update(shards).values(seal_wanted=True))
    until(lambda: count() > before, within=60, what="a snapshot")


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("fleet")
def test_an_index_worker_that_starts_beside_a_damaged_snapshot_serves_all_from_the_one_before(
    world: World,
) -> None:
    snapshot_of_the_fleet(world, 0)
    snapshot_of_the_fleet(world, 1)
    with world.fleet.db.read() as c:
        newest = c.execute(select(snapshots).order_by(snapshots.c.seq.desc()).limit(1)).one()
    first, second = world.fleet.of("indexer")
    first.kill()
    shutil.rmtree(world.fleet.home / first.name)
    objects = [world.fleet.home / "objects" / stored["object"] for stored in newest.files.values()]
    whole = {path: path.read_bytes() for path in objects}
    for path, data in whole.items():
        path.write_bytes(damaged(data, len(data) // 2, cut=False))
    first.start()
    world.fleet.wait_for("indexer")
    second.kill()
    world.shop.accepted_for(range(OF_THE_FLEET))
    assert world.shop.all_found() == OF_THE_FLEET
    with world.fleet.db.read() as c:
        bad_at = c.execute(select(snapshots.c.bad_at).where(snapshots.c.id == newest.id)).scalar_one()
    assert bad_at is not None
    for path, data in whole.items():
        path.write_bytes(data)
