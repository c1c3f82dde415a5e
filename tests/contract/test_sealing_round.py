"""Which shards a keeper asks to be sealed, and that nobody who appends is in its way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Row, func, select, text, update

from shared.catalog import catalogs
from shared.db import schema
from shared.db.engine import Database, now
from shared.db.tables import shards
from shared.index import log
from shared.settings import Settings
from tests.deployment import until
from workers.keeper.deps import Keeper
from workers.keeper.rounds import sealing


def keeper_of(db: Database, folder: Path) -> Keeper:
    settings = Settings(home=folder, seal_rows=100, seal_entries=10, seal_after=60)
    nobody = cast(Any, None)  # the round speaks to the database only
    return Keeper(settings, db, nobody, nobody, nobody, nobody, nobody)


def index_of(db: Database, shard_count: int) -> Row[Any]:
    with db.write() as c:
        return catalogs.ensure_of_model(
            c,
            db,
            "shop",
            "default",
            model="fake",
            fingerprint="abcdefabcdef",
            dim=8,
            shard_count=shard_count,
            default_group="g1",
        )


def wanted(db: Database) -> list[int]:
    with db.read() as c:
        return list(c.execute(select(shards.c.shard).where(shards.c.seal_wanted)).scalars())


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ({"seq": 0, "quiet": 3600}, False),
        ({"seq": 1, "quiet": 3600}, True),
        ({"seq": 1, "quiet": 30}, False),
        ({"seq": 9, "rows": 99, "quiet": 30}, False),
        ({"seq": 1, "rows": 100}, True),
        ({"seq": 10}, True),
        # From here on a snapshot stands at 20; the entry 21 announced it.
        ({"seq": 21, "sealed": 20, "quiet": 3600}, False),
        ({"seq": 22, "sealed": 20, "quiet": 3600}, True),
        ({"seq": 30, "sealed": 20}, False),
        ({"seq": 31, "sealed": 20}, True),
    ],
)
def test_a_shard_is_sealed_for_new_rows_new_entries_or_new_ones_followed_by_none(
    db: Database, tmp_path: Path, place: dict[str, int], asked: bool
) -> None:
    index_of(db, 1)
    with db.write() as c:
        c.execute(
            update(shards).values(
                seq=place["seq"],
                sealed_seq=place.get("sealed", 0),
                rows_logged=place.get("rows", 0),
                changed_at=now() - place.get("quiet", 0),
            )
        )
    sealing.run(keeper_of(db, tmp_path))
    assert wanted(db) == ([0] if asked else [])


def test_a_round_and_an_import_that_appends_to_the_same_shards_both_end(
    postgres_url: str, tmp_path: Path
) -> None:
    """On PostgreSQL: the import holds shard 0 and then takes shard 1; the round meets them the other way."""
    db = Database(postgres_url)
    schema.migrate(db)
    index = index_of(db, 2)
    entry = log.Entry(log.EntryKind.DELETE, {"products": ["p"]}, rows=100)
    with db.write() as c:  # a row that was updated lies behind the others: a scan meets shard 1 first
        c.execute(update(shards).values(rows_logged=100))
        c.execute(update(shards).where(shards.c.shard == 0).values(rows_logged=101))
    marking = threading.Thread(target=sealing.run, args=(keeper_of(db, tmp_path),))
    with db.write() as c:
        log.append(c, index.id, {0: [entry]})
        marking.start()
        until(lambda: waits(db), within=10, what="the round's wait for shard 0")
        log.append(c, index.id, {1: [entry]})
    marking.join(10)
    assert sorted(wanted(db)) == [0, 1]
    db.close()


def waits(db: Database) -> bool:
    """Whether some session waits for a lock."""
    waiting = select(func.count()).select_from(text("pg_locks")).where(text("not granted"))
    with db.read() as c:
        return bool(c.execute(waiting).scalar_one())
