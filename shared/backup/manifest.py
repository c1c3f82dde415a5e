"""The manifest of a dump: what makes its files one backup.

    backups/<ULID>/<table>.jsonl.gz          a table of one moment; a line is an array of the columns' values
    backups/<ULID>/manifest-<sha256>.json    written last: a dump without it does not count
    <kind>/<hour>/<tenant>/<ulid>            objects, under the names that they have in the deployment

The manifest holds the hashes of the tables' files, the table `objects` those of all objects, and the
manifest's name its own: so every byte of a backup is verified when it is read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ulid import ULID

from shared.errors import Conflict, NotFound, ObjectCorrupt
from shared.storage.port import ObjectStore

FORMAT = 1
FOLDER = "backups/"

_MANIFEST = re.compile(r"backups/(?P<dump>[0-9A-Z]{26})/manifest-(?P<sha256>[0-9a-f]{64})\.json")


@dataclass(frozen=True)
class TableFile:
    """One table of a dump. `columns`: {name: its kind}, in the order of a line's values."""

    rows: int
    sha256: str  # of the packed file
    length: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """`taken_at`: the moment by the database's clock. `absent`: objects that the deployment had lost."""

    dump: str
    schema: str
    database: str  # which kind it was taken from
    taken_at: float
    tables: Mapping[str, TableFile]
    objects: int
    object_bytes: int
    absent: tuple[str, ...]

    def file_of(self, table: str) -> str:
        return table_name(self.dump, table)


def new_dump(clock: float) -> str:
    return str(ULID.from_timestamp(clock))


def table_name(dump: str, table: str) -> str:
    return f"{FOLDER}{dump}/{table}.jsonl.gz"


def write(target: ObjectStore, manifest: Manifest) -> None:
    """From now on the dump counts."""
    body = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    target.put(f"{FOLDER}{manifest.dump}/manifest-{sha256}.json", body)


def dumps(names: list[str]) -> dict[str, str]:
    """{dump: the name of its manifest} of names below FOLDER, oldest first."""
    found = {match["dump"]: match[0] for name in names if (match := _MANIFEST.fullmatch(name))}
    return dict(sorted(found.items()))


def read(source: ObjectStore, dump: str | None = None) -> Manifest:
    """That dump's, or the newest. Raises NotFound, ObjectCorrupt, Conflict for one of a newer Tusou."""
    found = dumps(list(source.list(FOLDER)))
    if not found:
        raise NotFound("there is no finished backup")
    if dump is not None and dump not in found:
        raise NotFound(f"there is no finished dump {dump}; there are {', '.join(found)}")
    return read_named(source, found[dump or list(found)[-1]])


def read_named(source: ObjectStore, name: str) -> Manifest:
    """Raises ObjectCorrupt, Conflict."""
    match = _MANIFEST.fullmatch(name)
    assert match is not None
    length = source.size(name)
    if length is None:
        raise NotFound(f"{name} has gone")
    body = json.loads(source.get(name, sha256=match["sha256"], length=length))
    if body.pop("format", None) != FORMAT:
        raise Conflict(f"{name} is of a newer version of Tusou: restore with that version")
    return _from_json(name, body)


def _from_json(name: str, body: dict[str, Any]) -> Manifest:
    try:
        tables = {table: TableFile(**fields) for table, fields in body["tables"].items()}
        return Manifest(**{**body, "tables": tables, "absent": tuple(body["absent"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise ObjectCorrupt(f"{name} is no manifest of a backup") from error
