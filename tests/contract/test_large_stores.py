"""`fsck` and the pruning of backups hold no list of all objects: counted over a faked large store."""

from __future__ import annotations

import gzip
import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from shared.backup import manifest as manifests
from shared.backup.manifest import Manifest, TableFile
from shared.backup.prune import prune
from shared.db.tables import objects
from shared.fsck import objects as looked_at
from shared.fsck.finding import Code
from shared.storage.memory import MemoryStore
from tests.backup_rig import ShopRig
from tests.fsck_damage import OLD

MANY = 30_000
# A set of so many names takes 5 MB, a dictionary of their rows 25.
MOST_BYTES = 3 * 2**20


def name(number: int) -> str:
    return f"images/2026010100/shop/{number:026d}"


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Large(MemoryStore):
    """It lists so many objects more, which are nowhere, and remembers how many of them are deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted = 0

    def list(self, prefix: str) -> Iterator[str]:
        yield from super().list(prefix)
        if prefix == "":
            yield from (name(number * 7919 % MANY) for number in range(MANY))

    def delete(self, name: str) -> None:
        self.deleted += name not in self.objects
        super().delete(name)


def a_dump(target: MemoryStore, at: float, count: int) -> None:
    """Its table of objects names the first `count` of them."""
    columns = {"name": "text", "sha256": "text", "length": "int"}
    packed = gzip.compress(
        b"".join(json.dumps([name(n), "0" * 64, 1]).encode() + b"\n" for n in range(count))
    )
    file = TableFile(count, hashlib.sha256(packed).hexdigest(), len(packed), columns)
    made = Manifest(manifests.new_dump(at), "x", "sqlite", at, {"objects": file}, count, count, ())
    target.put(made.file_of("objects"), packed)
    manifests.write(target, made)


def test_a_backup_is_pruned_in_memory_that_does_not_grow_with_it() -> None:
    target = Large()
    a_dump(target, OLD, 10)
    a_dump(target, OLD + 60, MANY * 9 // 10)
    pruned: list[Any] = []
    assert peak_of(lambda: pruned.append(prune(target, 1))) < MOST_BYTES
    assert pruned == [(1, MANY // 10)]
    assert target.deleted == MANY // 10


@pytest.fixture
def large_shop(shop: ShopRig) -> ShopRig:
    owner = {"tenant": "shop", "sha256": "0" * 64, "length": 1, "created_at": OLD}
    with shop.db.write() as c:
        for first in range(0, MANY, 1000):
            rows = [{"name": name(n), **owner, "expires_at": 1e12} for n in range(first, first + 1000)]
            c.execute(insert(objects), rows)
        c.execute(insert(objects), [{"name": name(MANY), **owner}])
    return shop


def test_owners_and_names_are_compared_in_memory_that_does_not_grow_with_them(large_shop: ShopRig) -> None:
    found: list[Any] = []
    assert peak_of(lambda: found.extend(looked_at.names(large_shop.db))) < MOST_BYTES
    assert [(finding.code, finding.subject) for finding in found] == [(Code.OWNER_UNNAMED, name(MANY))]


def test_objects_without_an_owner_are_looked_for_by_pages(shop: ShopRig, tmp_path: Path) -> None:
    store = Large()
    count = 0

    def look() -> None:
        nonlocal count
        count = sum(1 for _ in looked_at.orphans(shop.db, store))

    assert peak_of(look) < MOST_BYTES
    assert count == MANY
