"""The schema's version: migrating it, and refusing to run on an older one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, table, update

from shared.db.engine import Database
from shared.errors import Conflict, SchemaOutdated

SCRIPTS = Path(__file__).with_name("migrations")
# Stands where the version stands while a restore is not finished: no process starts on half of it.
RESTORING = "restoring"
VERSION_TABLE = "alembic_version"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def migrate(db: Database) -> None:
    """Bring the schema to the newest version, in one transaction. Raises Conflict after half a restore."""
    with db.write() as connection:
        if found(connection) == RESTORING:
            raise Conflict("a restore of this database was not finished: run `tusou restore` again")
        upgrade(connection, "head")


def upgrade(c: Connection, revision: str) -> None:
    """Bring the schema to this version, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = c
    command.upgrade(config, revision)


def found(c: Connection) -> str | None:
    """The version that the database says it has; None for one without tables."""
    if not inspect(c).has_table(VERSION_TABLE):
        return None
    return MigrationContext.configure(c).get_current_revision()


def stamp(c: Connection, revision: str) -> None:
    """Let the database say that it has this version."""
    c.execute(update(table(VERSION_TABLE, column("version_num"))).values(version_num=revision))


def newest() -> str:
    """The version that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def known(revision: str) -> bool:
    """Whether this code can bring a database of that version to its own."""
    return any(
        script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def new_revision(db: Database, message: str, revision: str) -> None:
    """Write a migration script from the difference between the tables and the database."""
    config = _config()
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message=message, autogenerate=True, rev_id=revision)


def check(db: Database) -> None:
    """Raises SchemaOutdated."""
    with db.read() as connection:
        has = found(connection)
    if has == RESTORING:
        raise SchemaOutdated("a restore of this database was not finished: run `tusou restore` again")
    if has != (needed := newest()):
        raise SchemaOutdated(
            f"the database is at schema {has or 'none'}, this version needs {needed}: run `tusou migrate`"
        )
