"""Rows that catalogs, indexes and shards cannot do without, made where the others tell what they were."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from shared.catalog.image_rows import drop_images
from shared.catalog.locks import lock_products
from shared.db.engine import now
from shared.db.tables import catalogs, images, indexes, placements, shards
from shared.fsck.catalogue import OF_SHARDS
from shared.fsck.finding import Finding
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.shards import drop_snapshots
from shared.index import entries, log
from shared.index.log import FIRST_CHAIN
from shared.index.placement import groups_seen, live_index, place_missing, shard_of
from shared.index.state import IndexState
from shared.liveness import GROUP_KNOWN_S


def catalog(repairs: Repairs, finding: Finding) -> str | None:
    """Only its index says which model it is of: without one there is nothing to make it from."""
    tenant, name = finding.keys["tenant"], finding.keys["catalog"]
    with repairs.db.write() as c:
        live = select(indexes.c.id).where(
            indexes.c.tenant == tenant, indexes.c.catalog == name, indexes.c.state == IndexState.LIVE
        )
        if c.execute(live).scalar() is None:
            return None
        values = {"tenant": tenant, "name": name, "created_at": now()}
        c.execute(repairs.db.insert(catalogs).values(values).on_conflict_do_nothing())
    return "the row was made"


def index(_repairs: Repairs, _finding: Finding) -> None:
    """Which model it was of is not known."""


def shard(repairs: Repairs, finding: Finding) -> str:
    index_id, number = finding.keys["index_id"], finding.keys["shard"]
    with repairs.db.write() as c:
        c.execute(
            repairs.db.insert(shards)
            .values(
                index_id=index_id,
                shard=number,
                seq=0,
                chain=FIRST_CHAIN,
                trimmed_to=0,
                rows_logged=0,
                sealed_seq=0,
                sealed_rows_logged=0,
                seal_wanted=False,
            )
            .on_conflict_do_nothing()
        )
    repairs.renew(index_id, number)
    return "the row was made; the shard begins a new history"


def index_twice(repairs: Repairs, finding: Finding) -> str:
    """The one that went live last is what a change of indexes was to lead to."""
    of = (indexes.c.tenant == finding.keys["tenant"], indexes.c.catalog == finding.keys["catalog"])
    live = (*of, indexes.c.state == IndexState.LIVE)
    with repairs.db.write() as c:
        newest = indexes.c.live_at.desc().nulls_last(), indexes.c.id.desc()
        stays, *others = c.execute(select(indexes.c.id).where(*live).order_by(*newest)).scalars()
        retired = {"state": IndexState.RETIRED, "retired_at": now()}
        c.execute(update(indexes).where(indexes.c.id.in_(others)).values(**retired))
    return f"{stays} stays, {', '.join(others) or 'none'} retired"


def stray_shard(repairs: Repairs, finding: Finding) -> str:
    """Segments that no other shard has a part of go by themselves: then nothing names them."""
    index_id, number = finding.keys["index_id"], finding.keys["shard"]
    with repairs.db.write() as c:
        has = select(indexes.c.id).where(indexes.c.id == index_id, indexes.c.shards > number)
        if c.execute(has).first() is not None:
            return "an index has it again"
        drop_snapshots(c, index_id, number)
        for table in OF_SHARDS:
            c.execute(delete(table).where(table.c.index_id == index_id, table.c.shard == number))
    return "its rows went"


def absent(repairs: Repairs, finding: Finding) -> str | None:
    index_id, number = finding.keys["index_id"], finding.keys["shard"]
    with repairs.db.write() as c:
        if not groups_seen(c, GROUP_KNOWN_S):
            return None
        this = (placements.c.index_id == index_id, placements.c.shard == number)
        c.execute(delete(placements).where(*this, placements.c.group == finding.keys["group"]))
        place_missing(c, repairs.db, index_id, number, repairs.default_group)
    return "it went to the emptiest group that is served"


def placement(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        place_missing(c, repairs.db, finding.keys["index_id"], finding.keys["shard"], repairs.default_group)
    return "it went to the emptiest group"


def stray(repairs: Repairs, finding: Finding) -> str:
    tenant, product_id = finding.keys["tenant"], finding.keys["product"]
    with repairs.db.write() as c:
        product = lock_products(c, tenant, [product_id]).get(product_id)
        if product is not None and product.deleted_no is None:
            return "its product is there again"
        drop_images(c, c.execute(select(images).where(images.c.id == finding.subject)))
        if product is not None:
            # An index that holds it is told.
            live = live_index(c, tenant, product.catalog)
            entry = entries.patch({}, dropped=[finding.subject])
            log.append(c, live.id, {shard_of(product_id, live.shards): [entry]})
    return "dropped"
