"""Tables as files: all rows of one moment, whatever is written meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table

from shared.backup.columns import Kind, kind_of, read_as, restored, written
from shared.backup.manifest import Manifest, TableFile
from shared.db.pages import rows_of
from shared.db.tables import metadata
from shared.errors import ObjectCorrupt
from shared.storage.port import ObjectStore, Stored

# The work is the database's and the disk's; a higher one costs a core and gains a tenth.
PACKING = 3

# Who is there and who does what at this moment: of no meaning later, and wrong after a restore. The swept
# hours as well: a restored store is swept anew.
LEFT_OUT = frozenset({"rounds", "workers", "replicas", "swept_hours"})


def reflect(c: Connection) -> list[Table]:
    """Our tables as the database has them, those that others refer to first; other people's may be beside."""
    found = MetaData()
    found.reflect(c, only=lambda name, _: name in metadata.tables)
    return found.sorted_tables


def dumped(c: Connection) -> list[Table]:
    """Those of them that a dump holds."""
    return [table for table in reflect(c) if table.name not in LEFT_OUT]


def dump(c: Connection, folder: Path) -> dict[str, TableFile]:
    """Write every table to `<folder>/<table>.jsonl.gz`; `c` is that of one moment."""
    return {table.name: _write(c, table, folder / file_name(table.name)) for table in dumped(c)}


def file_name(table: str) -> str:
    return f"{table}.jsonl.gz"


def _write(c: Connection, table: Table, path: Path) -> TableFile:
    kinds = {column.name: kind_of(column) for column in table.columns}
    makers = [written(kind) for kind in kinds.values()]
    rows = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", PACKING, raw, mtime=0) as out:
        for row in rows_of(c, table, *map(read_as, table.columns)):
            if table.name == "objects" and row.removed_at is not None:
                continue  # nothing names it, and its bytes may be gone already
            values = [make(value) for make, value in zip(makers, row, strict=True)]
            out.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            rows += 1
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return TableFile(rows, sha256, path.stat().st_size, kinds)


def fetch_table(source: ObjectStore, manifest: Manifest, table: str, folder: Path) -> None:
    """The table's file of a backup, verified, into `folder`. Raises ObjectMissing, ObjectCorrupt."""
    file = manifest.tables[table]
    path = folder / file_name(table)
    source.fetch_to(manifest.file_of(table), path, sha256=file.sha256, length=file.length)


def read(path: Path, file: TableFile) -> Iterator[dict[str, Any]]:
    """The rows of a table's file, whose hash was verified. Raises ObjectCorrupt."""
    makers = {name: restored(Kind(kind)) for name, kind in file.columns.items()}
    rows = 0
    try:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                values = json.loads(line)
                yield {name: make(value) for (name, make), value in zip(makers.items(), values, strict=True)}
                rows += 1
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise ObjectCorrupt(f"{path.name} of the dump cannot be read: {error}") from error
    if rows != file.rows:
        raise ObjectCorrupt(f"{path.name} of the dump holds {rows} rows, not {file.rows}")


def objects_in(folder: Path, tables: dict[str, TableFile]) -> Iterator[Stored]:
    """The objects that the dump in `folder` names."""
    for row in read(folder / file_name("objects"), tables["objects"]):
        yield Stored(row["name"], row["sha256"], row["length"])
