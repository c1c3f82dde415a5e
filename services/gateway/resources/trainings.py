"""`POST /v1/trainings`: a catalogue becomes a job that a trainer claims."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from services.gateway.accepting.answering import accepted, location, preferred_wait
from services.gateway.http import bodies, idempotency
from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.schemas.job import Job
from services.gateway.schemas.trainings import TrainingBody
from services.gateway.wiring import Deps
from shared.errors import Overloaded
from shared.ids import new_id
from shared.index.placement import live_index
from shared.jobs import store
from shared.jobs.kinds import JobKind
from shared.keys import Scope
from shared.messages import Nudge
from shared.topology import LEARN, TRAINER_NUDGE

ROUTE = "POST /v1/trainings"
# One takes hours, so more than these would wait for days.
MAX_OPEN = 10


def trainings(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("trainings", __name__)

    @routes.post("/v1/trainings")
    @api.operation(
        scope=Scope.ADMIN,
        answers={200: Job, 202: Job},
        problems=(404,),
        body=TrainingBody,
        headers=("Prefer", idempotency.HEADER),
    )
    def start_training(caller: Caller) -> ResponseReturnValue:
        """Train a network on a catalogue's photos, their product's category being the label.

        Its `progress` holds the curves; its `result` names the model and version in the registry, which
        vision workers serve as `TUSOU_MODEL=name@version`. It waits until a trainer is started.
        """
        asked = bodies.validate(TrainingBody, bodies.read_json(request))
        seconds = preferred_wait(request)
        row = _accept(deps, caller.tenant, asked)
        with deps.waiters.seat(row.id, seconds) as event:
            return accepted(deps, row, event, seconds)

    return routes


def _accept(deps: Deps, tenant: str, asked: TrainingBody) -> Row[Any]:
    """The job of this request: a new one, or the one that the same request made before."""
    said = asked.model_dump(mode="json")
    once = idempotency.once(request, tenant, ROUTE, said, ttl=deps.settings.idempotency_ttl)
    job_id = new_id()
    with deps.db.write() as c:
        repeat = once.take(c, deps.db, job_id=job_id, location=location(job_id)) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
        live_index(c, tenant, asked.catalog)
        if store.open_count(c, [JobKind.TRAINING], tenant) >= MAX_OPEN:
            raise Overloaded(f"{MAX_OPEN} trainings are open; wait for one to end or cancel it")
        row = store.accept(
            c,
            job_id=job_id,
            tenant=tenant,
            kind=JobKind.TRAINING,
            stage=LEARN,
            request=said,
            due_in=deps.settings.first_due,
            catalog=asked.catalog,
        )
    deps.dispatcher.send(TRAINER_NUDGE, Nudge())
    return row
