"""Catalogs: made on first use with the model that vision workers serve."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from shared.db.engine import Database
from shared.db.tables import models
from shared.errors import NotFound, Unavailable
from shared.index.placement import ensure_catalog, live_index


def ensure(
    c: Connection, db: Database, tenant: str, name: str, model_name: str, *, shards: int = 1, group: str
) -> Row[Any]:
    """The catalog's live index; a new one takes the newest model of that name.

    Raises Unavailable (`model_unknown`) when no vision worker has told of such a model yet.
    """
    try:
        return live_index(c, tenant, name)
    except NotFound:
        model = newest_model(c, model_name)
    return ensure_catalog(
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
