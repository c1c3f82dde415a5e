"""Old dumps go, and the objects that no dump names any more. A manifest goes first: without it, no dump."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared.backup import manifest as manifests
from shared.backup.dump import fetch_table, objects_in
from shared.backup.manifest import FOLDER
from shared.storage.name_lists import NameLists
from shared.storage.names import has_owner
from shared.storage.port import ObjectStore


def prune(target: ObjectStore, keep: int) -> tuple[int, int]:
    """Keep the newest `keep` dumps; returns how many dumps and how many objects went.

    What a killed backup or a killed prune left goes too. What no backup puts there stays: the list of what
    was erased may be kept in the same place.
    """
    names = list(target.list(FOLDER))
    finished = manifests.dumps(names)
    kept = set(list(finished)[-keep:])
    old = [name for name in names if _dump_of(name) not in kept]
    if not old:
        return 0, 0
    with NameLists() as lists:
        # Read before anything goes: a kept dump that cannot be read keeps everything.
        lists.add("kept", _named(target, [finished[dump] for dump in kept]))
        for name in sorted(old, key=lambda name: name not in finished.values()):
            target.delete(name)
        lists.add("there", ((name, "") for name in target.list("") if has_owner(name)))
        gone = 0
        for name, _ in lists.only_in("there", "kept"):
            target.delete(name)
            gone += 1
    return len({_dump_of(name) for name in old}), gone


def _dump_of(name: str) -> str:
    return name.removeprefix(FOLDER).partition("/")[0]


def _named(target: ObjectStore, kept: list[str]) -> Iterator[tuple[str, str]]:
    for name in kept:
        manifest = manifests.read_named(target, name)
        with tempfile.TemporaryDirectory(prefix="tusou-") as folder:
            fetch_table(target, manifest, "objects", Path(folder))
            for item in objects_in(Path(folder), dict(manifest.tables)):
                yield item.name, ""
