"""`/v1/jobs`: looking at jobs, waiting for them, ending, erasing and repeating them."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from services.gateway.accepting import erasing
from services.gateway.accepting.answering import POLL_AFTER_S, job_body, location
from services.gateway.http import bodies, cursors, idempotency
from services.gateway.http.auth import Caller, scope_of
from services.gateway.http.operations import Access, Operations
from services.gateway.schemas.job import CancelQuery, Job, Jobs, JobsQuery, WaitQuery
from services.gateway.schemas.receipt import Receipt
from services.gateway.wiring import Deps
from shared.erasure import receipts
from shared.jobs import ends, store
from shared.jobs.job import OPEN
from shared.jobs.kinds import JobKind
from shared.messages import JobMessage, Message, Nudge
from shared.topology import NUDGES, STAGES


def jobs(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("jobs", __name__)

    @routes.get("/v1/jobs")
    @api.operation(scope=Access.ANY, answers={200: Jobs}, query=JobsQuery, headers=("Accept-Language",))
    def list_jobs(caller: Caller) -> ResponseReturnValue:
        """Jobs, newest first.

        Those of the kinds that the key's scopes see: search sees searches and explanations, catalogue sees
        products and imports, admin trainings too.
        """
        asked = bodies.read_query(request, JobsQuery)
        if asked.kind is not None:
            caller.require(scope_of(asked.kind))
        kinds = [asked.kind] if asked.kind else [kind for kind in JobKind if caller.may(scope_of(kind))]
        with deps.db.read() as c:
            rows = store.newest(
                c,
                caller.tenant,
                state=asked.state,
                kinds=kinds,
                limit=asked.limit,
                before=_after(asked.after) if asked.after else None,
            )
        more = len(rows) == asked.limit
        cursor = cursors.write([rows[-1].created_at, rows[-1].id]) if more else None
        return {"jobs": [job_body(deps, row) for row in rows], "next": cursor}

    @routes.get("/v1/jobs/<word:job_id>")
    @api.operation(
        scope=Access.ANY,
        answers={200: Job},
        problems=(404, 410),
        query=WaitQuery,
        headers=("Accept-Language",),
    )
    def get_job(caller: Caller, job_id: str) -> ResponseReturnValue:
        """One job, in whatever state.

        `wait` answers as soon as the job ends, or as it is after so many seconds.
        """
        asked = bodies.read_query(request, WaitQuery)
        with deps.waiters.seat(job_id, asked.wait) as event:
            with deps.db.read() as c:
                row = store.get(c, caller.tenant, job_id)
            caller.require(scope_of(row.kind))
            if event is not None:
                row = deps.waiting.for_end(row, event, asked.wait)
        headers = {"Vary": "Accept-Language"}
        if row.state in OPEN:
            headers["Retry-After"] = str(POLL_AFTER_S)
        return job_body(deps, row), 200, headers

    @routes.delete("/v1/jobs/<word:job_id>")
    @api.operation(
        scope=Access.ANY, answers={200: (Job, Receipt)}, problems=(404, 409, 410), query=CancelQuery
    )
    def cancel_job(caller: Caller, job_id: str) -> ResponseReturnValue:
        """Cancel a job, or with `purge` erase a finished one.

        Erasing takes its photo, its result and its error rows; the id answers 410 from then on, and the
        receipt tells when nothing of it is stored any more.
        """
        asked = bodies.read_query(request, CancelQuery)
        with deps.db.read() as c:
            kind = store.get(c, caller.tenant, job_id).kind
        caller.require(scope_of(kind))
        if asked.purge:
            return receipts.public(erasing.erase_job(deps, caller.tenant, job_id))
        with deps.db.write() as c:
            ends.cancel(c, caller.tenant, job_id, keep_for=deps.settings.kept_for(kind))
            row = store.get(c, caller.tenant, job_id)
        deps.waiters.wake(job_id)
        deps.notifier.job_done(job_id)
        return job_body(deps, row)

    @routes.post("/v1/jobs/<word:job_id>:retry")
    @api.operation(
        scope=Access.ANY, answers={202: Job}, problems=(404, 409, 410, 422), headers=(idempotency.HEADER,)
    )
    def retry_job(caller: Caller, job_id: str) -> ResponseReturnValue:
        """Try a failed job once more, such as a dead letter."""
        once = idempotency.once(
            request, caller.tenant, "POST /v1/jobs:retry", {"job": job_id}, ttl=deps.settings.idempotency_ttl
        )
        with deps.db.read() as c:
            caller.require(scope_of(store.get(c, caller.tenant, job_id).kind))
        with deps.db.write() as c:
            repeat = once.take(c, deps.db, job_id=job_id, location=location(job_id)) if once else None
            if repeat is not None:
                row = store.get(c, caller.tenant, job_id)
            else:
                row = ends.retry(c, caller.tenant, job_id, due_in=deps.settings.first_due)
        if repeat is None:
            stage = STAGES[row.stage]
            message: Message = Nudge() if stage.task in NUDGES else JobMessage(row.id, stage.name)
            deps.dispatcher.send(stage.task, message)
        return job_body(deps, row), 202, {"Location": location(row.id), "Retry-After": str(POLL_AFTER_S)}

    return routes


def _after(cursor: str) -> tuple[float, str]:
    seen = cursors.read(cursor)
    if not (isinstance(seen, list) and [type(part) for part in seen] == [float, str]):
        cursors.refuse_cursor()
    created_at, job_id = seen
    return created_at, job_id
