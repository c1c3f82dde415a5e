"""Which shard holds a product, and which group holds a shard."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from shared.db.engine import Database
from shared.db.tables import indexes, placements, replicas, shards
from shared.errors import NotFound
from shared.index.state import IndexState
from shared.liveness import GROUP_KNOWN_S, replica_seen

_LIVE = select(indexes).where(
    indexes.c.tenant == bindparam("of_tenant"),
    indexes.c.catalog == bindparam("named"),
    indexes.c.state == IndexState.LIVE,
)


@dataclass(frozen=True)
class LiveIndex:
    """The index that a catalog's writes go to and its searches ask. `dim`: of its model's vectors."""

    id: str
    tenant: str
    catalog: str
    model: str
    fingerprint: str
    dim: int
    shards: int  # how many; they count from 0
    created_at: float  # seconds since 1970, by the database's clock


def shard_of(product_id: str, shard_count: int) -> int:
    """First 8 bytes of BLAKE2b of the id's UTF-8, big-endian, modulo N."""
    digest = hashlib.blake2b(product_id.encode(), digest_size=64).digest()
    return int.from_bytes(digest[:8], "big") % shard_count


def live_index(c: Connection, tenant: str, catalog: str) -> LiveIndex:
    """Raises NotFound."""
    row = c.execute(_LIVE, {"of_tenant": tenant, "named": catalog}).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no catalog {catalog!r} yet; a first import or PUT /v1/catalogs/{catalog} makes it"
        )
    return LiveIndex(
        row.id, row.tenant, row.catalog, row.model, row.fingerprint, row.dim, row.shards, row.created_at
    )


def place(c: Connection, index_id: str, shard_count: int, default_group: str) -> None:
    """Each shard goes to the group that holds the fewest."""
    held = _held_by(c, groups_seen(c, GROUP_KNOWN_S) or {default_group})
    for shard in range(shard_count):
        group = _add_to_emptiest(held)
        c.execute(insert(placements).values(index_id=index_id, shard=shard, group=group))


def place_missing(c: Connection, db: Database, index_id: str, shard: int, default_group: str) -> None:
    """A shard that has lost its place goes to the group that holds the fewest."""
    group = _add_to_emptiest(_held_by(c, groups_seen(c, GROUP_KNOWN_S) or {default_group}))
    values = {"index_id": index_id, "shard": shard, "group": group}
    c.execute(db.insert(placements).values(values).on_conflict_do_nothing())


def move_unserved(c: Connection) -> int:
    """Empty shards of groups that nobody serves go to the groups that are served; returns how many.

    A shard that has log entries stays: its group may only be restarting, and has it loaded.
    """
    seen = groups_seen(c, GROUP_KNOWN_S)
    if not seen:
        return 0
    query = (
        select(placements)
        .join(shards, (shards.c.index_id == placements.c.index_id) & (shards.c.shard == placements.c.shard))
        .where(shards.c.seq == 0, placements.c.group.not_in(seen))
        .order_by(placements.c.index_id, placements.c.shard)
    )
    unserved = c.execute(query).all()
    held = _held_by(c, seen)
    for row in unserved:
        this = (placements.c.index_id == row.index_id, placements.c.shard == row.shard)
        c.execute(update(placements).where(*this).values(group=_add_to_emptiest(held)))
    return len(unserved)


def _held_by(c: Connection, groups: set[str]) -> dict[str, int]:
    """{group: how many shards it holds}."""
    counts = select(placements.c.group, func.count().label("held")).group_by(placements.c.group)
    held = {row.group: row.held for row in c.execute(counts)}
    return {group: held.get(group, 0) for group in groups}


def _add_to_emptiest(held: dict[str, int]) -> str:
    group = min(held, key=lambda g: (held[g], g))
    held[group] += 1
    return group


def groups_of(c: Connection, index_id: str) -> dict[str, list[int]]:
    """{group: its shards of this index, ascending}."""
    found: dict[str, list[int]] = {}
    query = select(placements).where(placements.c.index_id == index_id).order_by(placements.c.shard)
    for row in c.execute(query):
        found.setdefault(row.group, []).append(row.shard)
    return found


def groups_seen(c: Connection, within: float) -> set[str]:
    """Groups of which a replica said within `within` seconds that it is loaded."""
    return set(c.execute(select(replicas.c.group).where(replica_seen(within)).distinct()).scalars())
