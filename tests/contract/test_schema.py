"""The migrations make what the tables say, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from shared.db import schema
from shared.db.engine import Database
from shared.db.tables import metadata
from shared.errors import SchemaOutdated


def test_migrations_and_tables_agree(db: Database) -> None:
    with db.read() as c:
        assert compare_metadata(MigrationContext.configure(c), metadata) == []


def test_an_unmigrated_database_is_refused_with_the_command_to_run(database_url: str) -> None:
    with pytest.raises(SchemaOutdated, match="tusou migrate"):
        schema.check(Database(database_url))


def test_migrating_twice_changes_nothing(db: Database) -> None:
    schema.migrate(db)
    schema.check(db)
