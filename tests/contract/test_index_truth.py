"""What index workers rely on in SQL: reads of one moment, a pointer that keeps to the log's path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, update

from shared.catalog.locks import next_accept_no
from shared.db.engine import Database
from shared.db.tables import log, products, shards, snapshots
from tests.index_rig import Rig, unit


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> Rig:
    return Rig(database_url, tmp_path)


def test_reads_of_one_moment_see_nothing_that_is_committed_meanwhile(rig: Rig) -> None:
    rig.put("p", unit(1))
    with rig.db.moment() as c:
        end = c.execute(select(shards.c.seq)).scalar_one()
        rig.put("q", unit(2))
        assert c.execute(select(func.max(log.c.seq))).scalar_one() == end
        assert c.execute(select(products.c.id)).scalars().all() == ["p"]
    with rig.db.read() as c:
        assert c.execute(select(func.max(log.c.seq))).scalar_one() == end + 1


def test_a_moment_leaves_the_connection_as_it_was(db: Database) -> None:
    """Also when its reader fails: the next to use the connection writes as ever."""

    def read_and_fail() -> None:
        with db.moment() as c:
            c.execute(select(products.c.id)).all()
            raise LookupError

    for _ in range(30):
        with pytest.raises(LookupError):
            read_and_fail()
    with db.write() as c:
        first = next_accept_no(c, db)
    with db.write() as c:
        assert next_accept_no(c, db) > first


def test_a_snapshot_of_another_history_does_not_go_live(rig: Rig) -> None:
    worker = rig.worker()
    rig.put("p", unit(1))
    worker.catch_up()
    with rig.db.write() as c:
        c.execute(update(log).values(chain="f" * 16))
        c.execute(update(shards).values(chain="f" * 16))
    assert not worker.seal()
    with rig.db.read() as c:
        assert c.execute(select(snapshots)).all() == []
        assert c.execute(select(shards.c.sealed_seq)).scalar_one() == 0


def test_a_shard_without_a_good_snapshot_is_rebuilt_from_sql(rig: Rig) -> None:
    worker = rig.worker()
    rig.put_chunk([f"c{n}" for n in range(3)], np.stack([unit(n) for n in range(3)]))
    for n in range(2):
        rig.put(f"p{n}", unit(10 + n), category="shoe")
        worker.catch_up()
        assert worker.seal()
        worker.catch_up()
    with rig.db.read() as c:
        found = c.execute(select(snapshots.c.files)).scalars().all()
    for name in {stored["object"] for files in found for stored in files.values()}:
        rig.store.delete(name)
    again = rig.worker("w2")
    again.catch_up()
    assert again.rows() == 5
    assert again.find(unit(11), limit=50) == worker.find(unit(11), limit=50)
