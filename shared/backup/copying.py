"""Objects from one store to another: verified on the way, several at once, none that is there already.

Names are never reused nor rewritten and an object appears whole or not at all, so one of the right length
is the right one; `verify` reads it all the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from shared.batched import batched
from shared.errors import NameTaken, ObjectCorrupt, ObjectMissing
from shared.storage.fault import IN_MEMORY, fault
from shared.storage.port import ObjectStore, Stored

AT_ONCE = 8
BATCH = 256


@dataclass
class Copied:
    """What came of it. `lost`: objects that the source has not, or not as recorded, and why."""

    copied: int = 0
    copied_bytes: int = 0
    kept: int = 0
    lost: dict[str, str] = field(default_factory=dict)


def copy_all(
    source: ObjectStore, target: ObjectStore, wanted: Iterable[Stored], *, verify: bool = False
) -> Copied:
    """Every object of `wanted` is in `target` then, but those that are lost. Raises StoreUnavailable."""
    result = Copied()
    with (
        tempfile.TemporaryDirectory(prefix="tusou-") as folder,
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="copy") as pool,
    ):

        def one(item: Stored) -> bool | str:
            return _copy(source, target, item, Path(folder), verify=verify)

        for batch in batched(wanted, BATCH):
            for item, done in zip(batch, pool.map(one, batch), strict=True):
                if isinstance(done, str):
                    result.lost[item.name] = done
                elif done:
                    result.copied += 1
                    result.copied_bytes += item.length
                else:
                    result.kept += 1
    return result


def _copy(
    source: ObjectStore, target: ObjectStore, item: Stored, folder: Path, *, verify: bool
) -> bool | str:
    """Whether it was copied; a text says why the source does not give it."""
    there = target.size(item.name)
    if there == item.length and not (verify and fault(target, item)):
        return False
    try:
        # First of all what replaces it: a damaged copy may be all that is left.
        if item.length <= IN_MEMORY:
            data = source.get(item.name, sha256=item.sha256, length=item.length)
            return _put(target, item, data, replace=there is not None)
        # By its name, not by its bytes: the same manifest, imported each night, is copied twice at once.
        path = folder / item.name.replace("/", "-")
        try:
            source.fetch_to(item.name, path, sha256=item.sha256, length=item.length)
            return _put(target, item, path, replace=there is not None)
        finally:
            path.unlink(missing_ok=True)
    except (ObjectMissing, ObjectCorrupt) as error:
        return error.detail


def _put(target: ObjectStore, item: Stored, what: bytes | Path, *, replace: bool) -> bool:
    if replace:
        target.delete(item.name)
    try:
        stored = (
            target.put_file(item.name, what)
            if isinstance(what, Path)
            else target.put(item.name, what, item.length)
        )
    except NameTaken:  # by a process that restores the same
        return False
    if stored != item:
        raise ObjectCorrupt(f"{item.name} changed on its way")
    return True
