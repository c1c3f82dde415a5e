"""Taking a backup of a deployment that runs.

What is owned is copied first, which takes long, and the tables of one moment are written after it, so that
few objects remain to be copied between the two. An object that keepers removed in that time had lost its
owner row, so the tables are written again: from a moment that does not know it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlalchemy import select

from shared.backup import manifest as manifests
from shared.backup.copying import Copied, copy_all
from shared.backup.dump import dump, file_name, objects_in
from shared.backup.hold import Hold
from shared.backup.manifest import Manifest, TableFile
from shared.backup.prune import prune
from shared.db import schema
from shared.db.engine import Database, now
from shared.errors import Conflict
from shared.storage import owners
from shared.storage.port import ObjectStore

# Keepers hold still meanwhile, so that the second is the last but for a keeper that was in the middle.
MOMENTS = 5


@dataclass(frozen=True)
class Taken:
    """`copied` counts over the whole run. `pruned`: dumps and objects that went."""

    manifest: Manifest
    copied: Copied
    pruned: tuple[int, int]


def take(
    db: Database,
    store: ObjectStore,
    target: ObjectStore,
    *,
    keep: int,
    holder: str,
    verify: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Taken:
    """Put a backup into `target` and keep the newest `keep` there.

    `verify` reads what is there already. Objects that the deployment has lost are told in the manifest's
    `absent`. Raises Conflict, Unavailable.
    """
    with db.read() as c:
        revision = schema.found(c)
    if revision in (None, schema.RESTORING):
        raise Conflict("there is no finished deployment in this database to back up")
    if not schema.known(str(revision)):
        raise Conflict(
            f"the database is of schema {revision}, of a newer version of Tusou: back up with that"
        )
    target.ensure()
    with Hold(db, holder) as hold, tempfile.TemporaryDirectory(prefix="tusou-") as temporary:
        tell("copying objects")
        total = copy_all(store, target, chain.from_iterable(owners.pages(db)), verify=verify)
        folder = Path(temporary)
        taken_at, tables, absent = _moment(db, store, target, hold, folder, total, tell)
        made = Manifest(
            dump=manifests.new_dump(taken_at),
            schema=str(revision),
            database=db.url.get_backend_name(),
            taken_at=taken_at,
            tables=tables,
            objects=tables["objects"].rows,
            object_bytes=sum(item.length for item in objects_in(folder, tables)),
            absent=tuple(sorted(absent)),
        )
        tell("storing the tables")
        for table in tables:
            target.put_file(made.file_of(table), folder / file_name(table))
        hold.check()
        manifests.write(target, made)
        pruned = prune(target, keep)
    total.lost = absent
    return Taken(made, total, pruned)


def _moment(
    db: Database,
    store: ObjectStore,
    target: ObjectStore,
    hold: Hold,
    folder: Path,
    total: Copied,
    tell: Callable[[str], None],
) -> tuple[float, dict[str, TableFile], dict[str, str]]:
    """Tables of a moment and, in `target`, every object that they name but the absent ones."""
    hold.begin_window()
    for _ in range(MOMENTS):
        tell("reading the tables")
        with db.moment(patient=True) as c:
            taken_at = c.execute(select(now())).scalar_one()
            tables = dump(c, folder)
        tell("copying what came meanwhile")
        copied = copy_all(store, target, objects_in(folder, tables))
        total.copied += copied.copied
        total.copied_bytes += copied.copied_bytes
        # The owner row of what was removed is gone or marked; of what is damaged it stands.
        if not copied.lost or _still_owned(db, copied.lost):
            break
    return taken_at, tables, copied.lost


def _still_owned(db: Database, names: Iterable[str]) -> bool:
    """Whether all of these are, and so none was removed."""
    wanted = set(names)
    with db.read() as c:
        return owners.owned(c, wanted) == wanted
