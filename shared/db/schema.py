"""The schema's version: migrating it, and refusing to run on an older one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.db.engine import Database
from shared.errors import SchemaOutdated

SCRIPTS = Path(__file__).with_name("migrations")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def migrate(db: Database) -> None:
    """Bring the schema to the newest version, in one transaction."""
    config = _config()
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def new_revision(db: Database, message: str, revision: str) -> None:
    """Write a migration script from the difference between the tables and the database."""
    config = _config()
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message=message, autogenerate=True, rev_id=revision)


def check(db: Database) -> None:
    """Raises SchemaOutdated."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with db.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != newest:
        raise SchemaOutdated(
            f"the database is at schema {found or 'none'}, this version needs {newest}: run `tusou migrate`"
        )
