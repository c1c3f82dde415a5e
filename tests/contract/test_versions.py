"""Positions of versions against the log's own path."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from shared.catalog import catalogs
from shared.db.engine import Database
from shared.db.tables import log as log_rows
from shared.db.tables import shards
from shared.index import entries, log
from shared.index.log import FIRST_CHAIN
from shared.index.versions import off_path

ENTRY = entries.delete(["p"])


@pytest.fixture
def index_id(db: Database) -> str:
    """An index of one shard."""
    with db.write() as c:
        index = catalogs.ensure_of_model(
            c,
            db,
            "shop",
            "default",
            model="fake",
            fingerprint="abcdefabcdef",
            dim=8,
            shard_count=1,
            default_group="g1",
        )
    return str(index.id)


def appended(db: Database, index_id: str) -> tuple[int, str]:
    with db.write() as c:
        return log.append(c, index_id, {0: [ENTRY]})[0]


def off(db: Database, index_id: str, seq: int, chain: str) -> bool:
    with db.read() as c:
        return off_path(c, index_id, {0: (seq, chain)}) == [0]


def test_every_position_that_the_log_had_is_on_its_path(db: Database, index_id: str) -> None:
    places = [(0, FIRST_CHAIN), *(appended(db, index_id) for _ in range(3))]
    assert not any(off(db, index_id, *place) for place in places)


def test_a_position_of_another_history_or_ahead_is_off_the_path(db: Database, index_id: str) -> None:
    appended(db, index_id)
    seq, chain = appended(db, index_id)
    assert off(db, index_id, seq, "f" * 16)
    assert off(db, index_id, seq + 1, chain)
    assert off(db, index_id, 0, "f" * 16)
    with db.read() as c:
        assert off_path(c, index_id, {7: (1, chain)}) == [7]


def test_what_was_trimmed_is_taken_on_trust(db: Database, index_id: str) -> None:
    first = appended(db, index_id)
    second = appended(db, index_id)
    with db.write() as c:
        c.execute(delete(log_rows).where(log_rows.c.seq <= 1))
        c.execute(update(shards).values(trimmed_to=1))
    assert not off(db, index_id, *first)
    assert not off(db, index_id, *second)
    assert off(db, index_id, second[0], "f" * 16)
