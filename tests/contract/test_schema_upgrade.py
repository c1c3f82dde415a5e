"""A database of the first schema, with what it holds, becomes one of the newest; on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, insert, select

from shared.db import schema
from shared.db.engine import Database
from shared.db.tables import erasures, objects, shards
from shared.errors import SchemaOutdated

SHARD = {
    "index_id": "i",
    "shard": 0,
    "seq": 7,
    "chain": "0" * 16,
    "trimmed_to": 0,
    "rows_logged": 3,
    "sealed_seq": 0,
    "sealed_rows_logged": 0,
    "seal_wanted": False,
}
OBJECT = {"name": "images/x", "tenant": "shop", "sha256": "0" * 64, "length": 1, "created_at": 1.0}


def at_0001(db: Database) -> None:
    config = schema._config()
    with db.write() as c:
        config.attributes["connection"] = c
        command.upgrade(config, "0001")
    with db.write() as c:
        old = MetaData()
        for name, row in (("shards", SHARD), ("objects", OBJECT)):
            c.execute(insert(Table(name, old, autoload_with=c)).values(row))


def test_a_database_of_the_first_schema_is_upgraded_with_its_rows(database_url: str) -> None:
    db = Database(database_url)
    at_0001(db)
    with pytest.raises(SchemaOutdated, match="0001"):
        schema.check(db)
    schema.migrate(db)
    schema.check(db)
    with db.read() as c:
        shard = c.execute(select(shards)).one()
        assert (shard.seq, shard.rows_logged, shard.renew_seq, shard.purge_seq) == (7, 3, 0, 0)
        assert c.execute(select(objects.c.name, objects.c.tried_at)).one() == ("images/x", None)
        assert c.execute(select(erasures)).all() == []
    db.close()
