"""A shop whose objects are all there: what a backup copies and `fsck` reads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from shared.backup import manifest as manifests
from shared.backup.restore import Restored, restore
from shared.backup.take import Taken, take
from shared.catalog.changes import NewImage
from shared.db.engine import Database
from shared.db.tables import metadata
from shared.erasure.deleting import delete_product
from shared.erasure.erased_list import ErasedList
from shared.erasure.listing import note
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.port import ObjectStore
from tests.index_rig import MODEL, Rig, Worker, unit

# Of the moment, and in no backup.
LIVE = {"rounds", "workers", "replicas", "swept_hours"}
ERASE_WITHIN_S = 86_400.0


class ShopRig(Rig):
    """A Rig whose images have a picture each, in `store`."""

    def __init__(self, url: str, folder: Path, *, shard_count: int = 2) -> None:
        super().__init__(url, folder, shard_count=shard_count)
        self.store: Any = MemoryStore()

    def _image(self, c: Connection, image_id: str, segment_row: int) -> NewImage:
        picture = self.store.put(
            new_name("images", "shop", self.db.clock()), b"a picture of " + image_id.encode()
        )
        small = self.store.put(new_name("thumbnails", "shop", self.db.clock()), b"small " + image_id.encode())
        owners.own(c, "shop", [picture, small])
        return NewImage(
            id=image_id,
            source=f"https://shop.example/{image_id}.jpg",
            image_version=None,
            position=0,
            sha256=hashlib.sha256(image_id.encode()).hexdigest(),
            width=1,
            height=1,
            normalised=picture.name,
            thumbnail=small.name,
            fingerprint=MODEL,
            segment_row=segment_row,
        )

    def delete(self, product_id: str) -> Any:
        """With its receipt, which stands in the list."""
        with self.db.write() as c:
            gone = delete_product(
                c, self.db, index=self.index, product_id=product_id, erase_within=ERASE_WITHIN_S
            )
        note(self.db, ErasedList(self.store), [gone.receipt])
        return gone.accepted.version.positions

    def fill(self, worker: Worker | None = None) -> None:
        """A chunk, a snapshot of it, then single writes, a delete and a patch that the log alone holds."""
        names = [f"p{n}" for n in range(20)]
        self.put_chunk(names, np.stack([unit(n) for n in range(20)]))
        if worker is not None:
            worker.catch_up()
            assert worker.seal()
        for n in range(20, 26):
            self.put(
                f"p{n}", unit(n), title=f"product {n} ünïcødé", price={"amount": "9.90", "currency": "EUR"}
            )
        self.delete("p3")

    def over(self, db: Database, store: ObjectStore) -> ShopRig:
        """The same shop, as another deployment holds it."""
        there = object.__new__(ShopRig)
        there.__dict__ = {**self.__dict__, "db": db, "store": store}
        return there

    def backup(self, target: ObjectStore, keep: int = 7, **options: Any) -> Taken:
        return take(self.db, self.store, target, keep=keep, holder="test", **options)

    def restore(self, source: ObjectStore, dump: str | None = None, **options: Any) -> Restored:
        return restore(self.db, self.store, source, manifests.read(source, dump), erased=(), **options)


def everything(db: Database, *, but: set[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a backup holds."""
    with db.read() as c:
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in c.execute(select(table))
                    if "removed_at" not in row._fields or row.removed_at is None
                ),
                key=repr,
            )
            for table in metadata.sorted_tables
            if table.name not in LIVE | but
        }
