"""Catalogs: made on first use with the model that vision workers serve."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from shared.db.engine import Database, now
from shared.db.tables import catalogs, indexes, models, shards
from shared.errors import NotFound, Unavailable
from shared.ids import new_id
from shared.index.log import FIRST_CHAIN
from shared.index.placement import LiveIndex, live_index, place
from shared.index.state import IndexState


def ensure(
    c: Connection, db: Database, tenant: str, name: str, model_name: str, *, shards: int = 1, group: str
) -> LiveIndex:
    """The catalog's live index; a new one takes the newest model of that name.

    Raises Unavailable (`model_unknown`) when no vision worker has told of such a model yet.
    """
    try:
        return live_index(c, tenant, name)
    except NotFound:
        model = newest_model(c, model_name)
    return ensure_of_model(
        c,
        db,
        tenant,
        name,
        model=model.name,
        fingerprint=model.fingerprint,
        dim=model.dim,
        shard_count=shards,
        default_group=group,
    )


def ensure_of_model(
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
) -> LiveIndex:
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
                state=IndexState.LIVE,
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
        place(c, index_id, shard_count, default_group)
    return live_index(c, tenant, name)


def newest_model(c: Connection, name: str) -> Row[Any]:
    """The model of this name that a vision worker served last. Raises Unavailable (`model_unknown`)."""
    query = select(models).where(models.c.name == name).order_by(models.c.seen_at.desc()).limit(1)
    model = c.execute(query).one_or_none()
    if model is None:
        raise Unavailable(
            f"no vision worker has started with model {name!r} yet, so nobody knows its dimension; start one",
            code="model_unknown",
        )
    return model
