"""`/v1/jobs/{id}/explanations/{hit}`: why a hit matched, worked out when somebody asks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from services.gateway.accepting import explaining
from services.gateway.accepting.answering import job_body, preferred_wait, under_way
from services.gateway.accepting.pictures import serve
from services.gateway.http import bodies
from services.gateway.http.operations import Access, Operations
from services.gateway.schemas.explanation import Explanation, ExplanationQuery, Side
from services.gateway.schemas.job import Job
from services.gateway.wiring import Deps
from shared.db.tables import jobs
from shared.errors import NotFound, Unauthorized
from shared.jobs import explanations as rows
from shared.jobs import store
from shared.jobs.job import OPEN, State
from shared.keys import Scope

PNG = "image/png"


def explanations(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("explanations", __name__)

    @routes.get("/v1/jobs/<word:job_id>/explanations/<int:hit>")
    @api.open(
        scope=Access.SIGNED,
        answers={200: (Explanation, PNG), 202: Job, 304: ""},
        problems=(401, 403, 404, 409, 410, 429, 503),
        query=ExplanationQuery,
        headers=("Prefer", "Accept-Language"),
    )
    def get_explanation(job_id: str, hit: int) -> ResponseReturnValue:
        """Which parts of the photo and of a hit's image made the match.

        `hit` is its rank, from 1. The first who asks begins it: 202 with the job that makes it, unless that
        ends within `Prefer: wait=N`; then the addresses of two heat maps, or with `of` one of them.
        """
        asked = bodies.read_query(request, ExplanationQuery)
        if asked.sig is not None:
            return _signed(deps, job_id, hit, asked)
        caller = deps.guard.caller(request)
        caller.require(Scope.SEARCH)
        with deps.db.read() as c:
            search = store.get(c, caller.tenant, job_id)
        item, what = explaining.hit_of(search, asked.item, hit)
        job = _waited_for(deps, explaining.job_of(deps, search, item, hit))
        if job.state in OPEN:
            return under_way(job, job_body(deps, job))
        if job.state != State.SUCCEEDED:
            explaining.give_up(deps, job)
        if asked.of is not None:
            return _picture(deps, search, item, hit, asked.of)
        return {
            "query_url": _address(deps, search, item, hit, "query"),
            "result_url": _address(deps, search, item, hit, "result"),
            "method": "occlusion",
            "score": what["score"],
        }

    return routes


def _waited_for(deps: Deps, job: Row[Any]) -> Row[Any]:
    """The job at its end, or as it is after the seconds that the caller would wait."""
    seconds = preferred_wait(request) if job.state in OPEN else 0
    with deps.waiters.seat(job.id, seconds) as event:
        return job if event is None else deps.waiting.for_end(job, event, seconds)


def _signed(deps: Deps, job_id: str, hit: int, asked: ExplanationQuery) -> ResponseReturnValue:
    """A picture for who has its address; an unknown search and a bad signature look the same."""
    with deps.db.read() as c:
        search = c.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    item, of = asked.item or 0, asked.of or "query"
    name = _name(job_id, item, hit, of)
    if search is None or not deps.signer.verify(asked.sig or "", search.tenant, name, deps.db.clock()):
        raise Unauthorized("this signature is not of this picture, or its time is over; ask again")
    return _picture(deps, search, item, hit, of)


def _picture(deps: Deps, search: Row[Any], item: int, hit: int, of: Side) -> ResponseReturnValue:
    with deps.db.read() as c:
        row = rows.find(c, search.id, item, hit)
    if row is None or row.query_object is None:
        raise NotFound("this explanation is gone; ask for it again")
    return serve(deps, row.query_object if of == "query" else row.result_object, PNG)


def _address(deps: Deps, search: Row[Any], item: int, hit: int, of: Side) -> str:
    sig = deps.signer.sign(search.tenant, _name(search.id, item, hit, of), deps.db.clock())
    return f"/v1/jobs/{search.id}/explanations/{hit}?item={item}&of={of}&sig={sig}"


def _name(job_id: str, item: int, hit: int, of: Side) -> str:
    """What is signed; no image's id holds a slash."""
    return f"{job_id}/{item}/{hit}/{of}"
