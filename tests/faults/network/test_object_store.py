"""The way to the object store is bad: a photo is accepted only when it is stored as it came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from shared.db.tables import images, jobs, objects
from shared.errors import ObjectCorrupt
from shared.storage.names import new_name
from shared.storage.open import open_store
from tests.faults.network.link import Link
from tests.faults.shop import png
from tests.gateway_rig import Gateway
from tests.servers.minio import MinIO

TOLD_WITHIN_S = 10.0  # five, on a quiet machine

# 120 kB: a fault at byte 50,000 of a connection meets the photo itself.
PHOTO = png(Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)))
MIDWAY = 50_000


@pytest.fixture
def shop(minio: MinIO, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A gateway whose store is reached by `link`."""
    url = minio.bucket_url(minio.create_bucket())
    with Link(minio.port) as link:
        store = open_store(url.replace(f":{minio.port}/", f":{link.port}/"))
        # Nobody takes what is accepted here: its age is no reason to refuse.
        gateway = Gateway(f"sqlite:///{tmp_path / 'tusou.db'}", store=store, max_queue_wait=600)
        gateway.make_catalog()
        yield SimpleNamespace(gateway=gateway, link=link, store=store)
        gateway.close()


Fault = Callable[[Link], AbstractContextManager[None]]

FAULTS: dict[str, Fault] = {
    "frozen": lambda link: link.frozen(),
    "reset": lambda link: link.reset(),
    "cut in the middle of the photo": lambda link: link.cut_after(MIDWAY),
    "a bit at a time": lambda link: link.drip(20_000),
    "a byte of the photo flipped": lambda link: link.flipped_to_server(MIDWAY),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_photo_is_accepted_only_when_it_is_stored(shop: SimpleNamespace, fault: Fault) -> None:
    gateway: Gateway = shop.gateway
    assert gateway.search(PHOTO).status_code == 202
    kept = [gateway.rows(table) for table in (objects, images, jobs)]
    with fault(shop.link):
        began = time.monotonic()
        answer = gateway.search(PHOTO)
        assert time.monotonic() - began < TOLD_WITHIN_S
    assert (answer.status_code, answer.json["code"]) == (503, "object_store_unavailable")
    assert answer.json["retryable"] is True
    assert answer.headers["Retry-After"]
    assert [gateway.rows(table) for table in (objects, images, jobs)] == kept
    assert gateway.search(PHOTO).status_code == 202, "recovered by itself"
    assert whole(shop) == 2


@pytest.mark.parametrize(
    "fault", [Link.half_open, lambda link: link.latency(0.05)], ids=["half open", "slow"]
)
def test_a_store_that_lost_its_connections_or_takes_its_time_costs_no_photo(
    shop: SimpleNamespace, fault: Fault
) -> None:
    gateway: Gateway = shop.gateway
    assert gateway.search(PHOTO).status_code == 202
    with fault(shop.link):
        answers = [gateway.search(PHOTO).status_code for _ in range(3)]
    # A connection that seems open costs whoever finds it out a time-out.
    assert answers[1:] == [202, 202]
    assert answers[0] in (202, 503)
    assert whole(shop) == 1 + answers.count(202)


def test_a_byte_flipped_on_its_way_back_is_noticed_and_read_again(shop: SimpleNamespace) -> None:
    assert shop.gateway.search(PHOTO).status_code == 202
    with shop.gateway.db.read() as c:
        row = c.execute(select(objects)).one()
    with shop.link.flipped_from_server(MIDWAY):
        # The second read goes over the same connection, and the flipped byte lies behind it.
        assert shop.store.get(row.name, sha256=row.sha256, length=row.length) == PHOTO
    flipped = PHOTO[:MIDWAY] + bytes([PHOTO[MIDWAY] ^ 0xFF]) + PHOTO[MIDWAY + 1 :]
    wrong = shop.store.put(new_name("uploads", "default", shop.gateway.db.clock()), flipped)
    with pytest.raises(ObjectCorrupt):
        shop.store.get(wrong.name, sha256=row.sha256, length=row.length)


def whole(shop: SimpleNamespace) -> int:
    """How many objects are owned; each of them is stored as it came."""
    with shop.gateway.db.read() as c:
        rows = list(c.execute(select(objects)))
    assert all(shop.store.get(r.name, sha256=r.sha256, length=r.length) == PHOTO for r in rows)
    return len(rows)
