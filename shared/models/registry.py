"""The model registry: what is called `name@version`, and where its files lie.

A version is given out once and never changes; its files are objects that are kept for good. The card is
stored with the name and the version that the registry gave.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from shared.db.engine import Database, now
from shared.db.tables import artefacts
from shared.errors import Conflict, InvalidRequest, NotFound, ObjectCorrupt, TusouError
from shared.models.card import CARD, NAME, checked_name, facts, read_card
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import ObjectStore, Stored

# Models are the deployment's: every tenant's searches run through the same workers.
TENANT: Final = "models"

# Nine digits at most: a longer number fits into no column.
_REFERENCE: Final = re.compile(rf"(?P<name>{NAME})(@(?P<version>[0-9]{{1,9}}))?")

# Is given the version within the transaction that makes it, before any row of the registry is locked.
First = Callable[[Connection, int], None]


@dataclass(frozen=True)
class Entry:
    """One version of a model. `files` by name; `facts` are those of its card."""

    name: str
    version: int
    fingerprint: str
    files: Mapping[str, Stored]
    facts: Mapping[str, Any]
    created_at: float

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"


class _VersionTakenError(Exception):
    """Somebody else pushed this version meanwhile."""


def push(
    db: Database, store: ObjectStore, folder: Path, *, name: str | None = None, first: First | None = None
) -> Entry:
    """The model in `folder` as the next version of `name`, which is its own unless given.

    What `first` raises leaves the registry as it was. Raises InvalidRequest for a folder without a model or a
    name that none can have, ObjectCorrupt for files that are not those of the card, StoreUnavailable.
    """
    card = read_card(folder)
    name = checked_name(name or str(card.get("name")))
    files = {file: _put(db, store, folder / file, sha256) for file, sha256 in card["files"].items()}
    while True:
        with db.read() as c:
            version = _next_version(c, name)
        told = card | {"name": name, "version": version}
        text = json.dumps(told, indent=1, ensure_ascii=False).encode()
        stored = {CARD: store.put(new_name("models", TENANT, db.clock()), text), **files}
        try:
            with db.write() as c:
                if first is not None:
                    first(c, version)
                return _insert(c, db, told, stored)
        except _VersionTakenError:
            store.delete(stored[CARD].name)


def listing(c: Connection, name: str | None = None) -> list[Entry]:
    """All models, or the versions of one: by name, the newest first."""
    query = select(artefacts).order_by(artefacts.c.name, artefacts.c.version.desc())
    if name is not None:
        query = query.where(artefacts.c.name == name)
    return [_entry(row) for row in c.execute(query)]


def find(c: Connection, reference: str) -> Entry:
    """`name@version`, or the newest version of `name`. Raises NotFound."""
    asked = _REFERENCE.fullmatch(reference)
    row = None
    if asked is not None:
        query = select(artefacts).where(artefacts.c.name == asked["name"])
        if asked["version"]:
            query = query.where(artefacts.c.version == int(asked["version"]))
        row = c.execute(query.order_by(artefacts.c.version.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound(f"the registry has no model {reference[:100]!r}; `tusou models list` tells all")
    return _entry(row)


def read_file(store: ObjectStore, entry: Entry, file: str) -> bytes:
    """Raises NotFound for a file that the model has not, ObjectMissing, ObjectCorrupt."""
    stored = entry.files.get(file)
    if stored is None:
        raise NotFound(f"the model {entry.reference} has no {file}")
    return store.get(stored.name, sha256=stored.sha256, length=stored.length)


def pull(store: ObjectStore, entry: Entry, folder: Path) -> None:
    """Makes `folder` with the model's files, whole and verified or not at all. Raises Conflict."""
    if folder.exists():
        raise Conflict(f"{folder} is there already, and a model never changes: name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    unfinished.mkdir()
    try:
        for file, stored in entry.files.items():
            store.fetch_to(stored.name, unfinished / file, sha256=stored.sha256, length=stored.length)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def verify(store: ObjectStore, entry: Entry) -> dict[str, str | None]:
    """Reads every file; of each what is wrong with it, None where nothing is. Raises StoreUnavailable."""
    found: dict[str, str | None] = {}
    for file in entry.files:
        try:
            read_file(store, entry, file)
        except TusouError as error:
            if error.retryable:
                raise
            found[file] = error.detail
        else:
            found[file] = None
    return found


def _put(db: Database, store: ObjectStore, path: Path, sha256: str) -> Stored:
    try:
        stored = store.put_file(new_name("models", TENANT, db.clock()), path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InvalidRequest(f"{path} is no file, and the model's card names it") from error
    if stored.sha256 != sha256:
        raise ObjectCorrupt(f"{path} has SHA-256 {stored.sha256}, but its card says {sha256}")
    return stored


def _next_version(c: Connection, name: str) -> int:
    newest = select(func.coalesce(func.max(artefacts.c.version), 0)).where(artefacts.c.name == name)
    return int(c.execute(newest).scalar_one()) + 1


def _insert(c: Connection, db: Database, card: dict[str, Any], files: Mapping[str, Stored]) -> Entry:
    owners.own(c, TENANT, files.values())
    row = c.execute(
        db.insert(artefacts)
        .values(
            name=card["name"],
            version=card["version"],
            fingerprint=card["fingerprint"],
            files={
                file: {"object": each.name, "sha256": each.sha256, "length": each.length}
                for file, each in files.items()
            },
            facts=facts(card),
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["name", "version"])
        .returning(artefacts)
    ).one_or_none()
    if row is None:
        raise _VersionTakenError
    return _entry(row)


def _entry(row: Row[Any]) -> Entry:
    files = {file: Stored(each["object"], each["sha256"], each["length"]) for file, each in row.files.items()}
    return Entry(row.name, row.version, row.fingerprint, files, row.facts, row.created_at)
