"""A migrated database of each kind."""

from collections.abc import Iterator

import pytest

from shared.db import schema
from shared.db.engine import Database


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    schema.migrate(database)
    yield database
    database.close()
