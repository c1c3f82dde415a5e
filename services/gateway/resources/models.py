"""`/v1/models` and `/v1/index`: the state of the world."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, func, select

from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.load.alive import REPLICA_ALIVE, VISION_ALIVE
from services.gateway.schemas.world import Indexes, Models
from services.gateway.wiring import Deps
from shared.db.tables import indexes, placements, replicas, shards, snapshots, workers
from shared.db.tables import models as model_rows
from shared.index.log import positions
from shared.index.versions import Version
from shared.jobs.job import iso
from shared.keys import CATALOGUE


def models(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("models", __name__)

    @routes.get("/v1/models")
    @api.operation(scope=CATALOGUE, answers={200: Models})
    def list_models(caller: Caller) -> ResponseReturnValue:
        """Models that vision workers have served here; `served` tells which one is now."""
        live = select(workers.c.fingerprint).where(VISION_ALIVE)
        with deps.db.read() as c:
            served = set(c.execute(live).scalars())
            rows = list(c.execute(select(model_rows).order_by(model_rows.c.name, model_rows.c.fingerprint)))
        return {
            "models": [
                {
                    "name": row.name,
                    "fingerprint": row.fingerprint,
                    "dim": row.dim,
                    "labels": row.labels,
                    "seen_at": iso(row.seen_at),
                    "served": row.fingerprint in served,
                }
                for row in rows
            ]
        }

    @routes.get("/v1/index")
    @api.operation(scope=CATALOGUE, answers={200: Indexes})
    def list_indexes(caller: Caller) -> ResponseReturnValue:
        """The caller's indexes: their shards, how far each log reaches, and who serves them.

        `rows_logged` counts vectors that were ever logged; a replica's state tells what is live.
        """
        with deps.db.read() as c:
            query = select(indexes).where(indexes.c.tenant == caller.tenant).order_by(indexes.c.id)
            seen = list(c.execute(select(replicas).where(REPLICA_ALIVE)))
            return {"indexes": [_index(c, row, seen) for row in c.execute(query).all()]}

    return routes


def _index(c: Connection, index: Row[Any], seen: list[Row[Any]]) -> dict[str, Any]:
    placed = select(placements).where(placements.c.index_id == index.id)
    groups = {row.shard: row.group for row in c.execute(placed)}
    good = (
        select(snapshots.c.shard, func.count().label("snapshots"))
        .where(snapshots.c.index_id == index.id, snapshots.c.bad_at.is_(None))
        .group_by(snapshots.c.shard)
    )
    kept = {row.shard: row.snapshots for row in c.execute(good)}
    rows = c.execute(select(shards).where(shards.c.index_id == index.id).order_by(shards.c.shard))
    return {
        "id": index.id,
        "catalog": index.catalog,
        "model": index.model,
        "fingerprint": index.fingerprint,
        "dim": index.dim,
        "state": index.state,
        "created_at": iso(index.created_at),
        "version": Version(index.id, positions(c, index.id)).encode(),
        "shards": [
            {
                "shard": row.shard,
                "group": groups.get(row.shard),
                "seq": row.seq,
                "rows_logged": row.rows_logged,
                "sealed_seq": row.sealed_seq,
                "sealed_rows_logged": row.sealed_rows_logged,
                "seal_wanted": row.seal_wanted,
                "snapshots": kept.get(row.shard, 0),
                "replicas": [
                    _replica(r, index.id, row.shard) for r in seen if r.group == groups.get(row.shard)
                ],
            }
            for row in rows
        ],
    }


def _replica(row: Row[Any], index_id: str, shard: int) -> dict[str, Any]:
    return {"process": row.process, "group": row.group, "state": row.state.get(f"{index_id}/{shard}")}
