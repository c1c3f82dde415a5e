"""Tables from a dump into a database, in one transaction: all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import JSON, Connection, Table, func, insert, inspect, select, text

from shared.backup import dump
from shared.backup.columns import JsonText
from shared.backup.manifest import Manifest
from shared.batched import batched
from shared.db import schema
from shared.errors import ObjectCorrupt

ROWS_AT_ONCE = 500


def counts(c: Connection) -> dict[str, int]:
    """{table: rows} of the tables that hold any, of those that a dump would hold."""
    found = {
        table.name: c.execute(select(func.count()).select_from(table)).scalar_one()
        for table in dump.dumped(c)
    }
    return {name: rows for name, rows in found.items() if rows}


def load(c: Connection, manifest: Manifest, folder: Path) -> None:
    """Replace everything in the database by the dump, brought to this version's schema.

    Where the schema is the dump's already, rows are deleted and none of it is made anew: who reads meanwhile
    goes on with the former rows until the commit. Raises ObjectCorrupt for a dump that is not of its schema.
    """
    if schema.found(c) == manifest.schema:
        for table in reversed(dump.reflect(c)):
            c.execute(table.delete())
    else:
        _drop_all(c)
        schema.upgrade(c, manifest.schema)
    for table in dump.dumped(c):
        _load_table(c, table, manifest, folder)
    schema.upgrade(c, "head")


def _drop_all(c: Connection) -> None:
    for table in reversed(dump.reflect(c)):
        table.drop(c)
    if inspect(c).has_table(schema.VERSION_TABLE):
        c.execute(text(f"DROP TABLE {schema.VERSION_TABLE}"))


def _load_table(c: Connection, table: Table, manifest: Manifest, folder: Path) -> None:
    file = manifest.tables.get(table.name)
    if file is None or set(file.columns) != {column.name for column in table.columns}:
        raise ObjectCorrupt(f"the dump's table {table.name} is not that of schema {manifest.schema}")
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type = JsonText()
    for rows in batched(dump.read(folder / dump.file_name(table.name), file), ROWS_AT_ONCE):
        c.execute(insert(table), rows)
