"""Which shard holds a product, and which group holds a shard."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from shared.db.engine import Database, now
from shared.db.tables import catalogs, indexes, placements, replicas, shards
from shared.errors import NotFound
from shared.ids import new_id
from shared.index.log import FIRST_CHAIN


def shard_of(product_id: str, shard_count: int) -> int:
    """First 8 bytes of BLAKE2b of the id's UTF-8, big-endian, modulo N."""
    digest = hashlib.blake2b(product_id.encode(), digest_size=64).digest()
    return int.from_bytes(digest[:8], "big") % shard_count


def ensure_catalog(
    c: Connection,
    db: Database,
    tenant: str,
    name: str,
    *,
    model: str,
    fingerprint: str,
    dim: int,
    shard_count: int,
    default_group: str,
) -> Row[Any]:
    """The catalog's live index, made with these defaults when there is none."""
    made = c.execute(
        db.insert(catalogs)
        .values(tenant=tenant, name=name, created_at=now())
        .on_conflict_do_nothing(index_elements=["tenant", "name"])
        .returning(catalogs.c.name)
    )
    if made.one_or_none() is not None:
        index_id = new_id()
        c.execute(
            insert(indexes).values(
                id=index_id,
                tenant=tenant,
                catalog=name,
                model=model,
                fingerprint=fingerprint,
                dim=dim,
                shards=shard_count,
                state="live",
                created_at=now(),
                live_at=now(),
            )
        )
        for shard in range(shard_count):
            c.execute(
                insert(shards).values(
                    index_id=index_id,
                    shard=shard,
                    seq=0,
                    chain=FIRST_CHAIN,
                    trimmed_to=0,
                    rows_logged=0,
                    sealed_seq=0,
                    sealed_rows_logged=0,
                    seal_wanted=False,
                )
            )
        _place(c, index_id, shard_count, default_group)
    return live_index(c, tenant, name)


def live_index(c: Connection, tenant: str, catalog: str) -> Row[Any]:
    """Raises NotFound."""
    row = c.execute(
        select(indexes).where(
            indexes.c.tenant == tenant, indexes.c.catalog == catalog, indexes.c.state == "live"
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no catalog {catalog!r} yet; a first import or PUT /v1/catalogs/{catalog} makes it"
        )
    return row


def _place(c: Connection, index_id: str, shard_count: int, default_group: str) -> None:
    """Each shard goes to the group that holds the fewest."""
    known = set(
        c.execute(select(replicas.c.group).where(replicas.c.seen_at > now() - 60).distinct()).scalars()
    )
    held: dict[str, int] = dict.fromkeys(known or {default_group}, 0)
    counts = select(placements.c.group, func.count()).group_by(placements.c.group)
    for group, count in c.execute(counts):
        if group in held:
            held[group] = count
    for shard in range(shard_count):
        group = min(held, key=lambda g: (held[g], g))
        held[group] += 1
        c.execute(insert(placements).values(index_id=index_id, shard=shard, group=group))


def groups_of(c: Connection, index_id: str) -> dict[str, list[int]]:
    """{group: its shards of this index, ascending}."""
    found: dict[str, list[int]] = {}
    query = select(placements).where(placements.c.index_id == index_id).order_by(placements.c.shard)
    for row in c.execute(query):
        found.setdefault(row.group, []).append(row.shard)
    return found


def groups_seen(c: Connection, within: float) -> set[str]:
    """Groups of which a replica said within `within` seconds that it is loaded."""
    return set(
        c.execute(select(replicas.c.group).where(replicas.c.seen_at > now() - within).distinct()).scalars()
    )
