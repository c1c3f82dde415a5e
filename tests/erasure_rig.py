"""A deployment without processes that erases: index workers and a keeper over one truth, turned by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Row, insert, select, text, update

from shared.answer.finish import Finisher
from shared.db.engine import now
from shared.db.tables import erasures, images
from shared.erasure import receipts
from shared.erasure.deleting import delete_job, delete_product
from shared.erasure.erased_list import Erased, ErasedList
from shared.ids import new_id
from shared.jobs.search_request import PhotoKind, PhotoOf
from shared.settings import Settings
from shared.storage import owners
from shared.storage.folder import FolderStore
from shared.storage.names import new_name
from tests.catalog_rig import end_replace, number
from tests.index_rig import Rig, Worker
from tests.keeper_rig import Broker
from workers.keeper.deps import Keeper
from workers.keeper.rounds import erasing, removal, sealing


class ErasureRig(Rig):
    """Objects lie in a folder, so that a test can look at every byte. An erasure's turn comes at once."""

    def __init__(self, url: str, folder: Path, *, shard_count: int = 1, **model: Any) -> None:
        super().__init__(url, folder, shard_count=shard_count, **model)
        self.store: Any = FolderStore(folder / "objects")
        self.store.ensure()
        self.keeper = self.new_keeper()

    def new_keeper(self, **settings: Any) -> Keeper:
        broker: Any = Broker()
        known = Settings(home=self.folder, **{"process": "k1", "erase_within": 1e-6, **settings})
        finisher = Finisher(self.db, known, broker.job_done)
        return Keeper(known, self.db, self.store, broker, broker, finisher, ErasedList(self.store))

    def photo(self, product_id: str, data: bytes) -> None:
        """The product's normalised images are these bytes."""
        with self.db.write() as c:
            stored = self.store.put(new_name("images", "shop", self.db.clock()), data)
            owners.own(c, "shop", [stored])
            c.execute(update(images).where(images.c.product_id == product_id).values(normalised=stored.name))

    def erase(self, product_id: str) -> str:
        """What a gateway does; the receipt's id."""
        with self.db.write() as c:
            gone = delete_product(c, self.db, index=self.index, product_id=product_id, erase_within=60)
        self.keeper.erased.add([Erased.of(gone.receipt)])
        with self.db.write() as c:
            receipts.mark_listed(c, [gone.receipt.id])
        return str(gone.receipt.id)

    def searched(self, photo: bytes, vector: np.ndarray, worker: Worker) -> str:
        """A search that is done, with the photo that came along with it; its id."""
        photo_id = new_id()
        with self.db.write() as c:
            stored = self.store.put(new_name("images", "shop", self.db.clock()), photo)
            owners.own(c, "shop", [stored])
            c.execute(
                insert(images).values(
                    id=photo_id, tenant="shop", state="ready", normalised=stored.name, created_at=now()
                )
            )
        job_id = self.job(vector, photo=PhotoOf(PhotoKind.IMAGE, photo_id, came_along=True))
        worker.answer(job_id)
        return job_id

    def purge(self, job_id: str) -> str:
        """What a gateway does with `?purge=true`; the receipt's id."""
        with self.db.write() as c:
            receipt = delete_job(c, "shop", job_id, tombstone_for=60, erase_within=60)
        self.keeper.erased.add([Erased.of(receipt)])
        with self.db.write() as c:
            receipts.mark_listed(c, [receipt.id])
        return str(receipt.id)

    def drop_all_but(self, *named: str) -> dict[str, Any]:
        """A `replace` import that names only these ends; its result."""
        return end_replace(self.db, number(self.db), *named, erased=self.keeper.erased)

    def receipt(self, receipt_id: str) -> Row[Any]:
        with self.db.read() as c:
            return c.execute(select(erasures).where(erasures.c.id == receipt_id)).one()

    def turn(self, *workers: Worker) -> None:
        """Everybody does once what a loop does again and again."""
        erasing.run(self.keeper)
        sealing.run(self.keeper)
        for worker in workers:
            worker.catch_up()
            worker.sealer.seal_asked()
            worker.catch_up()
            worker.rewriter.rewrite_asked()
            worker.replica.tell()
        removal.run(self.keeper)

    def turn_until_erased(self, receipt_id: str, *workers: Worker, turns: int = 12) -> Row[Any]:
        for _ in range(turns):
            self.turn(*workers)
            if (row := self.receipt(receipt_id)).erased_at is not None:
                return row
        raise AssertionError(f"not erased after {turns} turns: {self.receipt(receipt_id)}")

    def files_with(self, *needles: bytes) -> list[str]:
        """Every file of the deployment in which one of these stands, but for the list of what was erased."""
        folders = [self.folder]
        if not self.db.is_sqlite:
            with self.db.read() as c:
                # What is still in memory, and what is there no more, goes to the disk.
                c.execute(text("CHECKPOINT"))
                where = "current_setting('data_directory') || '/base/' || oid"
                query = f"SELECT {where} FROM pg_database WHERE datname = current_database()"
                folders.append(Path(c.execute(text(query)).scalar_one()))
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        ours = [file for file in files if "/objects/erased/" not in str(file)]
        return sorted(str(file) for file in ours if any(n in file.read_bytes() for n in needles))
