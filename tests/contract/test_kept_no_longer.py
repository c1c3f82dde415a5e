"""After its time nothing of a search is left in any row, object or file of the database."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import func, insert, select, text

from shared.backup import manifest as manifests
from shared.backup.restore import restore
from shared.backup.take import take
from shared.db.engine import now
from shared.db.tables import explanations, images, parts
from shared.erasure.erased_list import ErasedList
from shared.jobs.search_request import PhotoKind, PhotoOf
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.vectors.codec import to_unit_f16
from tests import kept
from tests.erasure_rig import ErasureRig
from tests.index_rig import unit
from workers.keeper.rounds import expiry, removal

DAY_S = 86_400.0
SHARDS = 2
NOTE = "a-word-of-this-request-alone"


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> ErasureRig:
    made = ErasureRig(database_url, tmp_path, shard_count=SHARDS)
    made.keeper = made.new_keeper(erase_within=DAY_S)
    return made


def gone_from_the_files(rig: ErasureRig, *needles: bytes) -> None:
    rig.db.scrub(2**40)
    if rig.db.is_sqlite:
        with rig.db.read() as c:
            c.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    assert rig.files_with(*needles) == []


def test_nothing_of_a_search_outlives_its_time(rig: ErasureRig) -> None:
    """By a clock that is moved on: a second before its time all is there, a second after it nothing."""
    worker = rig.worker()
    rig.put("p", unit(1), title="a product")
    worker.catch_up()
    photo, small = b"a photo of a customer " * 9, b"its thumbnail " * 9
    vector = unit(7)
    job_id = searched(rig, photo, small, vector)
    raw = to_unit_f16(vector).tobytes()
    # As it is, and as the outcome packs it.
    needles = (photo, small, raw, base64.b64encode(raw), NOTE.encode())
    found = kept.places(kept.rows(rig.db), *needles)
    assert {"jobs.outcome", "jobs.request", "parts.body"} <= found
    assert len(kept.places(kept.objects(rig.store), *needles)) == 2

    worker.answer(job_id)
    assert rig.row(job_id).state == "succeeded"
    assert rig.row(job_id).outcome is None, "it went with the end of the search"
    retention = rig.keeper.settings.retention
    kept.move_on(rig.db, retention - 60)
    turn(rig)
    assert kept.places(kept.rows(rig.db), NOTE.encode())
    assert len(kept.places(kept.objects(rig.store), *needles)) == 2

    kept.move_on(rig.db, 120)
    turn(rig)
    row = rig.row(job_id)
    assert (row.state, row.request, row.outcome, row.result) == ("expired", {}, None, None)
    with rig.db.read() as c:
        for table in (parts, explanations):
            assert c.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert c.execute(select(images.c.id).where(images.c.product_id.is_(None))).all() == []
    assert kept.places(kept.rows(rig.db), *needles, b"photo-1") == set()
    assert kept.places(kept.objects(rig.store), *needles) == set()
    gone_from_the_files(rig, *needles)


def searched(rig: ErasureRig, photo: bytes, small: bytes, vector: Any) -> str:
    """A search that waits for its last part, with its photo, its outcome and one part."""
    retention = rig.keeper.settings.retention
    with rig.db.write() as c:
        stored = [
            rig.store.put(new_name(kind, "shop", rig.db.clock()), data)
            for kind, data in (("images", photo), ("thumbnails", small))
        ]
        owners.own(c, "shop", stored, keep_for=retention)
        values = {"normalised": stored[0].name, "thumbnail": stored[1].name, "expires_at": now() + retention}
        row = {"id": "photo-1", "tenant": "shop", "state": "ready", "created_at": now()}
        c.execute(insert(images).values(**row, **values))
    photo_of = PhotoOf(PhotoKind.IMAGE, "photo-1", came_along=True)
    job_id = rig.job(vector, photo=photo_of, exclude_products=(NOTE,))
    with rig.db.write() as c:
        c.execute(insert(parts).values(job_id=job_id, group="g9", body={"hits": [NOTE]}))
        which = {"job_id": job_id, "item": 0, "hit": 1, "made_by": job_id}
        c.execute(insert(explanations).values(**which, query_image="photo-1", result_image="r"))
    return job_id


def turn(rig: ErasureRig) -> None:
    expiry.run(rig.keeper)
    removal.run(rig.keeper)


def test_packed_and_nested_values_are_looked_into(rig: ErasureRig, valkey: Any) -> None:
    """Whoever finds nothing has to be able to find something."""
    needle = b"\x00\x01a needle in whatever form\xff"
    packed = base64.b64encode(b"before " + needle)
    with redis.Redis(port=valkey.port, db=3) as server:
        server.flushall()
        for key, put in {
            "text": lambda k: server.set(k, needle),
            "list": lambda k: server.rpush(k, b"x", needle),
            "set": lambda k: server.sadd(k, needle),
            "sorted": lambda k: server.zadd(k, {needle: 1.0}),
            "hash": lambda k: server.hset(k, "field", needle),
            "named": lambda k: server.hset(k, needle, "value"),
            "stream": lambda k: server.xadd(k, {"field": needle}),
            "packed": lambda k: server.rpush(k, b'{"body": "' + packed + b'"}'),
            needle: lambda k: server.set(k, "value"),
        }.items():
            put(key)
        try:
            found = kept.places(kept.of_redis(valkey.port), needle)
        finally:
            server.flushall()
    assert len(found) == 9


def test_an_older_backup_brings_nothing_back_that_was_erased_since(rig: ErasureRig, tmp_path: Path) -> None:
    """Backup, erasure, restore: gone again from every byte of store and database by the second date."""
    rig.keeper = rig.new_keeper()
    worker = rig.worker()
    rig.put_chunk(["p", "q"], [unit(1), unit(2)])
    secret = to_unit_f16(unit(1)).tobytes()
    rig.put("q", unit(3), title="it stays")
    photo = b"a photo of p " * 30
    rig.photo("p", photo)
    for _ in range(2):
        worker.catch_up()
        assert worker.seal()
    needles = (secret, photo)
    target = MemoryStore()
    take(rig.db, rig.store, target, keep=1, holder="test")
    rig.turn_until_erased(rig.erase("p"), worker)
    assert rig.files_with(*needles) == []

    restore(
        rig.db,
        rig.store,
        target,
        manifests.read(target),
        erased=ErasedList(rig.store).entries(),
        erase_within=60.0,
        force=True,
    )
    assert rig.files_with(*needles), "the backup holds it, and so it is back in the files"
    for _ in range(2):  # off the path, then from the beginning
        worker.later(60)
    assert worker.find(unit(1), limit=5) == ["q"], "hidden from the first answer"
    with rig.db.read() as c:
        waiting = c.execute(text("SELECT id FROM erasures WHERE erased_at IS NULL")).scalars().all()
    (receipt,) = waiting
    row = rig.turn_until_erased(receipt, worker)
    assert row.erased_at <= row.erase_by
    assert rig.files_with(*needles) == []
    assert kept.places(kept.rows(rig.db), *needles) == set()
    assert worker.find(unit(3), limit=5) == ["q"]
