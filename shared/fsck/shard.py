"""One shard as SQL has it at one moment: its log, its snapshots, and what the catalogue says it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from shared.catalog.living import products_of
from shared.catalog.product import logged_columns_of
from shared.db.engine import Database
from shared.db.pages import ROWS_AT_ONCE
from shared.db.tables import holdings, images, indexes, jobs, log, products, segments, shards, snapshots
from shared.fsck.catalogue import IN_USE
from shared.fsck.columns import Columns, columns_of
from shared.fsck.finding import Code, Finding
from shared.images.state import ImageState
from shared.index.placement import shard_of
from shared.jobs.job import OPEN
from shared.jobs.kinds import JobKind


@dataclass(frozen=True)
class Shard:
    """`current`: {image id: its row} and `columns`: {product id: its filter columns} of living products;
    `parts`: by segment. `holdings` are those of products whose shard this is."""

    index: Row[Any]
    row: Row[Any]
    entries: list[Row[Any]]
    snapshots: list[Row[Any]]  # the newest first
    parts: dict[str, Row[Any]]
    current: dict[str, Row[Any]]
    columns: dict[str, Columns]
    holdings: set[tuple[str, str]]  # (object, product)
    written: set[str | None]  # products that are being written

    @property
    def name(self) -> str:
        return f"{self.row.index_id}/{self.row.shard}"

    @property
    def keys(self) -> dict[str, Any]:
        return {"index_id": self.row.index_id, "shard": self.row.shard}

    def finding(self, code: Code, detail: str, subject: str | None = None, **keys: Any) -> Finding:
        """Of the shard itself, where no other subject is named."""
        return Finding(code, subject or self.name, detail, self.keys | keys)


def known(db: Database) -> list[tuple[str, int]]:
    """Every shard of every index in use."""
    query = (
        select(shards.c.index_id, shards.c.shard)
        .join(indexes, indexes.c.id == shards.c.index_id)
        .where(indexes.c.state.in_(IN_USE))
        .order_by(shards.c.index_id, shards.c.shard)
    )
    with db.read() as c:
        return [(row.index_id, row.shard) for row in c.execute(query)]


def read(c: Connection, index_id: str, shard: int) -> Shard:
    """`c` is that of one moment."""
    index = c.execute(select(indexes).where(indexes.c.id == index_id)).one()
    parts = {row.object: row for row in _of(c, segments, index_id, shard)}
    held = select(holdings.c.object, holdings.c.product_id).where(
        holdings.c.tenant == index.tenant,
        holdings.c.object.in_(
            select(segments.c.object).where(segments.c.index_id == index_id, segments.c.shard == shard)
        ),
    )
    return Shard(
        index=index,
        row=next(iter(_of(c, shards, index_id, shard))),
        entries=sorted(_of(c, log, index_id, shard), key=lambda entry: entry.seq),
        snapshots=sorted(_of(c, snapshots, index_id, shard), key=lambda row: -row.seq),
        parts=parts,
        current=_current(c, index, shard),
        columns={
            row.id: columns_of(logged_columns_of(row.attributes or {}))
            for page in products_of(c, index, shard)
            for row in page
        },
        written={*c.execute(_open_writes(index)).scalars()},
        holdings={
            (row.object, row.product_id)
            for row in c.execute(held)
            if shard_of(row.product_id, index.shards) == shard
        },
    )


def _open_writes(index: Row[Any]) -> Select[tuple[str | None]]:
    return select(jobs.c.product_id).where(
        jobs.c.tenant == index.tenant, jobs.c.kind == JobKind.PRODUCT, jobs.c.state.in_(OPEN)
    )


def _of(c: Connection, table: Any, index_id: str, shard: int) -> list[Row[Any]]:
    return list(c.execute(select(table).where(table.c.index_id == index_id, table.c.shard == shard)))


def _current(c: Connection, index: Row[Any], shard: int) -> dict[str, Row[Any]]:
    """Images that a search may find: those that a rebuild of the shard would read."""
    living = (
        select(
            images.c.id,
            images.c.product_id,
            images.c.fingerprint,
            images.c.segment,
            images.c.segment_row,
            images.c.vector,
            images.c.normalised,
            images.c.source,
        )
        .join(products, (products.c.tenant == images.c.tenant) & (products.c.id == images.c.product_id))
        .where(
            images.c.tenant == index.tenant,
            products.c.catalog == index.catalog,
            products.c.deleted_no.is_(None),
            images.c.state == ImageState.READY,
        )
        .order_by(images.c.id)
        .limit(ROWS_AT_ONCE)
    )
    found: dict[str, Row[Any]] = {}
    after = ""
    while page := c.execute(living.where(images.c.id > after)).all():
        found |= {image.id: image for image in page if shard_of(image.product_id, index.shards) == shard}
        after = page[-1].id
    return found
