"""`/v1/models`: the models that vision workers have served."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.schemas.world import Models
from services.gateway.wiring import Deps
from shared.db.tables import models as model_rows
from shared.db.tables import workers
from shared.jobs.job import iso
from shared.keys import Scope
from shared.liveness import vision_seen


def models(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("models", __name__)

    @routes.get("/v1/models")
    @api.operation(scope=Scope.CATALOGUE, answers={200: Models})
    def list_models(caller: Caller) -> ResponseReturnValue:
        """Models that vision workers have served here; `served` tells which one is now."""
        live = select(workers.c.fingerprint).where(vision_seen())
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

    return routes
