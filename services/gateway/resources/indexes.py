"""`/v1/index`: how far each log reaches, and who serves it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, func, select

from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.schemas.world import Indexes
from services.gateway.wiring import Deps
from shared.db.tables import indexes as index_rows
from shared.db.tables import placements, replicas, shards, snapshots
from shared.index.log import positions
from shared.index.versions import Version
from shared.jobs.job import iso
from shared.keys import Scope
from shared.liveness import replica_seen


def indexes(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("indexes", __name__)

    @routes.get("/v1/index")
    @api.operation(scope=Scope.CATALOGUE, answers={200: Indexes})
    def list_indexes(caller: Caller) -> ResponseReturnValue:
        """The caller's indexes: their shards, how far each log reaches, and who serves them.

        `rows_logged` counts vectors that were ever logged; a replica's state tells what is live.
        """
        with deps.db.read() as c:
            query = select(index_rows).where(index_rows.c.tenant == caller.tenant).order_by(index_rows.c.id)
            seen = list(c.execute(select(replicas).where(replica_seen(deps.settings.replica_seen))))
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
