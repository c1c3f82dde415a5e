"""Writes of products as the gateway and a vision worker make them, without either."""

from __future__ import annotations

import hashlib
from typing import Any

from shared.catalog import catalogs, store
from shared.catalog.append import append
from shared.catalog.changes import NewImage, ProductChange, SegmentRange
from shared.catalog.locks import next_accept_no
from shared.catalog.writes import Accepted, WantedImage, accept_write
from shared.db.engine import Database
from shared.index import placement
from shared.index.log import Positions
from shared.index.placement import LiveIndex
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored

MODEL = "abcdefabcdef"


def make_catalog(db: Database, name: str = "default", shards: int = 2) -> LiveIndex:
    """The live index of shop's catalog."""
    with db.write() as c:
        return catalogs.ensure_of_model(
            c,
            db,
            "shop",
            name,
            model="fake",
            fingerprint=MODEL,
            dim=4,
            shard_count=shards,
            default_group="g1",
        )


def number(db: Database) -> int:
    """The accept_no of something that is accepted now."""
    with db.write() as c:
        return next_accept_no(c, db)


def put(
    db: Database, index: LiveIndex, product_id: str, *, images: list[str] | None = None, **attributes: Any
) -> Accepted:
    with db.write() as c:
        return accept_write(
            c,
            db,
            index=index,
            product_id=product_id,
            attributes=attributes,
            wanted=None if images is None else [WantedImage(s) for s in images],
            replace=True,
        )


def embedded(
    db: Database,
    index: LiveIndex,
    product_id: str,
    accept_no: int,
    sources: list[str],
    line: int = 0,
    **attributes: Any,
) -> Positions:
    """What a vision worker does once it has the vectors."""
    news = [image(db, f"{product_id}-{accept_no}-{line}-{n}", source, n) for n, source in enumerate(sources)]
    shard = placement.shard_of(product_id, index.shards)
    held = SegmentRange(rows=len(news), sha256=hashlib.sha256(b"rows").hexdigest(), inline=b"rows")
    change = ProductChange(product_id, accept_no, line, attributes=attributes, images=tuple(news))
    with db.write() as c:
        return append(c, db, index=index, changes=[change], ranges={shard: held} if news else {})


def image(db: Database, image_id: str, source: str, row: int) -> NewImage:
    name = new_name("images", "shop", db.clock())
    with db.write() as c:
        owners.own(c, "shop", [Stored(name, "0" * 64, 1)])
    return NewImage(
        id=image_id,
        source=source,
        image_version=None,
        position=row,
        sha256="0" * 64,
        width=1,
        height=1,
        normalised=name,
        thumbnail=None,
        fingerprint=MODEL,
        segment_row=row,
        vector=b"",
    )


def sources(db: Database, product_id: str) -> list[str]:
    with db.read() as c:
        return [i.source for i in store.images_of(c, "shop", [product_id]).get(product_id, [])]


def attributes(db: Database, product_id: str) -> dict[str, Any]:
    with db.read() as c:
        found: dict[str, Any] = store.get(c, "shop", product_id).attributes
        return found


def living(db: Database) -> list[str]:
    with db.read() as c:
        return [row.id for row in store.listing(c, "shop", "default", after=None, limit=1000)]
