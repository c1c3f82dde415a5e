"""The deployment's database and object store for a command, or a sentence that names the setting."""

from __future__ import annotations

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.cli.trouble import Trouble
from shared.db import schema
from shared.db.engine import Database
from shared.settings import Settings
from shared.storage.open import open_store
from shared.storage.port import ObjectStore

_FORMS = "postgresql+psycopg://USER:PASSWORD@HOST:5432/NAME or sqlite:////FOLDER/tusou.db"


def open_database(settings: Settings) -> Database:
    """Nothing is contacted yet. Raises Trouble where the setting names no database that is known here."""
    try:
        url = make_url(settings.sql_url)
    except (ArgumentError, ValueError):
        raise Trouble(f"TUSOU_DATABASE_URL is no database's address; use {_FORMS}") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql") or not url.database:
        raise Trouble(f"TUSOU_DATABASE_URL: Tusou keeps its rows in PostgreSQL or SQLite; use {_FORMS}")
    try:
        return Database(settings.sql_url)
    except ModuleNotFoundError as error:
        raise Trouble(
            f"TUSOU_DATABASE_URL needs {error.name}, which is not installed: pip install '.[postgres]'"
        ) from error
    except OSError as error:
        raise Trouble(f"the database's folder cannot be used: {error}") from error


def open_migrated(settings: Settings) -> Database:
    """A database with this version's schema; none is made. Raises Trouble, SchemaOutdated, Unavailable."""
    database = open_existing(settings)
    schema.check(database)
    return database


def open_existing(settings: Settings) -> Database:
    """Raises Trouble where an embedded database is not there: a command that reads must not make it."""
    if not settings.database_url and not (settings.home / "tusou.db").exists():
        raise Trouble(
            f"there is no deployment in {settings.home.absolute()}: `tusou up` makes one, "
            "TUSOU_HOME or TUSOU_DATABASE_URL names another"
        )
    return open_database(settings)


def open_objects(settings: Settings) -> ObjectStore:
    """Nothing is contacted yet. Raises Trouble where the setting names no store that is known here."""
    return _open("TUSOU_OBJECT_STORE_URL", settings.store_url)


def open_erased(settings: Settings) -> ObjectStore:
    """Where the list of what was erased lies; as `open_objects`."""
    return _open("TUSOU_ERASED_LIST_URL", settings.erased_store_url)


def _open(variable: str, url: str) -> ObjectStore:
    try:
        return open_store(url)
    except ValueError as error:
        raise Trouble(f"{variable}: {error}") from error
    except ModuleNotFoundError as error:
        raise Trouble(
            f"{variable} needs {error.name}, which is not installed: pip install '.[s3]'"
        ) from error
