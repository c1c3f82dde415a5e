"""Restoring a deployment from a backup.

In this order, so that a restore that was killed is simply run again: every file of the backup is read and
verified before anything changes; objects go in, which nobody sees while no row names them; then all rows in
one transaction, which leaves the database marked as half restored, so that no process starts on it; then
what was erased since the backup is erased again, and the mark is taken away.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, inspect, select

from shared.backup import dump, in_flight, load
from shared.backup.copying import Copied, copy_all
from shared.backup.manifest import Manifest
from shared.db import round_lease, schema
from shared.db.engine import Database, now
from shared.db.tables import rounds, workers
from shared.erasure.erased_list import Erased
from shared.erasure.restored import DAY_S, apply_erased_list
from shared.errors import Conflict, ObjectCorrupt
from shared.liveness import VISION_SEEN_S
from shared.storage.name_lists import NameLists
from shared.storage.names import has_owner
from shared.storage.port import ObjectStore, Stored

# A keeper that was just stopped holds its rounds for ten seconds more, a worker counts as seen for fifteen.
STOPPED_WITHIN_S = 20.0
# What a store may hold beside the deployment's own.


@dataclass(frozen=True)
class Restored:
    """`open_jobs` begin again; `lost` objects were lost before the backup, or are in it no more."""

    manifest: Manifest
    copied: Copied
    lost: dict[str, str]
    open_jobs: int
    erased: int


def restore(
    db: Database,
    store: ObjectStore,
    source: ObjectStore,
    manifest: Manifest,
    *,
    erased: Iterable[Erased],
    erase_within: float = DAY_S,
    force: bool = False,
    accept_losses: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Make the deployment what it was at the moment of the dump.

    Into an empty database and store, or with `force` in place of what is there. `erased` is the list of what
    was erased since. Raises Conflict for a deployment that is not empty or not stopped and for a dump of a
    newer version, ObjectCorrupt for a backup that is damaged (`accept_losses`: the rest of its objects is
    restored), Unavailable.
    """
    _check_known(db, manifest)
    with tempfile.TemporaryDirectory(prefix="tusou-") as temporary:
        folder = Path(temporary)
        tell("verifying the tables")
        _fetch_tables(source, manifest, folder)
        store.ensure()
        if not force:
            _check_empty(db, store, _objects(manifest, folder))
        _check_stopped(db, tell)
        promised = list(erased)
        tell("restoring objects")
        copied = _restore_objects(source, store, manifest, folder, accept_losses=accept_losses)
        tell("restoring the tables")
        with db.write(patient=True) as c:
            load.load(c, manifest, folder)
            open_jobs = in_flight.begin_again(c)
            schema.stamp(c, schema.RESTORING)
        # A keeper that runs all the same may have swept what no row named until now.
        again = copy_all(source, store, _objects(manifest, folder))
    hidden = apply_erased_list(db, promised, erase_within=erase_within)
    with db.write() as c:
        schema.stamp(c, schema.newest())
    return Restored(manifest, copied, copied.lost | again.lost, open_jobs, hidden)


def _check_known(db: Database, manifest: Manifest) -> None:
    """Raises Conflict for a dump or a database of a newer version."""
    if not schema.known(manifest.schema):
        raise Conflict(
            f"the backup is of schema {manifest.schema}, of a newer version of Tusou: use that one"
        )
    with db.read() as c:
        has = schema.found(c)
    if has not in (None, schema.RESTORING) and not schema.known(has):
        raise Conflict(f"the database is of schema {has}, of a newer version of Tusou: name an empty one")


def _fetch_tables(source: ObjectStore, manifest: Manifest, folder: Path) -> None:
    for table, file in manifest.tables.items():
        dump.fetch_table(source, manifest, table, folder)
        for _ in dump.read(folder / dump.file_name(table), file):
            pass


def _objects(manifest: Manifest, folder: Path) -> Iterator[Stored]:
    absent = set(manifest.absent)
    return (item for item in dump.objects_in(folder, dict(manifest.tables)) if item.name not in absent)


def _check_empty(db: Database, store: ObjectStore, wanted: Iterator[Stored]) -> None:
    """A restore that was killed may have left its own objects, or a database that is marked."""
    with db.read() as c:
        rows = {} if schema.found(c) == schema.RESTORING else load.counts(c)
    if rows:
        raise Conflict(
            f"the database is not empty: {_told(rows)}. Name an empty one, or restore with --force, which "
            "replaces all of it"
        )
    with NameLists() as lists:
        lists.add("ours", ((item.name, "") for item in wanted))
        lists.add("there", ((name, "") for name in store.list("") if has_owner(name)))
        strange = sum(1 for _ in lists.only_in("there", "ours"))
    if strange:
        raise Conflict(
            f"the object store holds {strange} objects that are not of this backup. Name an empty one, or "
            "restore with --force, which leaves them to `tusou fsck --repair`"
        )


def _told(rows: dict[str, int]) -> str:
    first = [name for name in ("products", "images", "jobs", "api_keys") if name in rows]
    shown = first or sorted(rows)[:3]
    return ", ".join(f"{rows[name]} {name.replace('_', ' ')}" for name in shown)


def replaces(db: Database) -> str | None:
    """What a restore with `force` would replace; None for nothing."""
    with db.read() as c:
        rows = load.counts(c)
    return _told(rows) if rows else None


def _check_stopped(db: Database, tell: Callable[[str], None]) -> None:
    """Index workers may go on: they notice. Whoever writes may not. Raises Conflict."""
    deadline = time.monotonic() + STOPPED_WITHIN_S
    while True:
        with db.read() as c:
            running = _running(c)
        if running is None:
            return
        if time.monotonic() > deadline:
            raise Conflict(
                f"{running} is running: stop gateways, workers and keepers; index workers may go on"
            )
        tell(f"waiting for {running} to be gone")
        time.sleep(1.0)


def _running(c: Connection) -> str | None:
    inspector = inspect(c)
    if not inspector.has_table("rounds") or not inspector.has_table("workers"):
        return None
    # Of a round that is held for ten seconds at a time; others are held for longer than their keeper lives.
    keeper = exists().where(rounds.c.name == round_lease.REDISPATCH, rounds.c.lease_until > now())
    if c.execute(select(keeper)).scalar():
        return "a keeper"
    seen = exists().where(workers.c.seen_at > now() - VISION_SEEN_S)
    return "a worker" if c.execute(select(seen)).scalar() else None


def _restore_objects(
    source: ObjectStore, store: ObjectStore, manifest: Manifest, folder: Path, *, accept_losses: bool
) -> Copied:
    copied = copy_all(source, store, _objects(manifest, folder), verify=True)
    if copied.lost and not accept_losses:
        name, why = next(iter(copied.lost.items()))
        raise ObjectCorrupt(
            f"{len(copied.lost)} objects of the backup are damaged, the first: {name}: {why}. Restore an "
            "older dump, or take the losses with --accept-losses and let `tusou fsck --repair` mend them"
        )
    return copied
