"""The schema of a test's database, made once: asking Alembic again takes a tenth of a second."""

from __future__ import annotations

from sqlalchemy import inspect

from shared.db import schema
from shared.db.engine import Database


def ensure(db: Database) -> None:
    if not inspect(db.engine).has_table("jobs"):
        schema.migrate(db)
