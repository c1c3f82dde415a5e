"""`POST /v1/searches`: a photo, or something that leads to one, becomes a job."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from services.gateway.accepting.answering import accepted, location, preferred_wait
from services.gateway.accepting.queries import SOURCES, search_request
from services.gateway.accepting.uploads import FIELD, Photo, own_photo, put_photo, read_photo
from services.gateway.http import bodies, idempotency
from services.gateway.http.auth import Caller
from services.gateway.http.bodies import FORM_BYTES, refuse
from services.gateway.http.operations import Operations
from services.gateway.schemas.job import Job
from services.gateway.schemas.search import SearchBody
from services.gateway.wiring import Deps
from shared.errors import NotYet
from shared.ids import new_id, random_id
from shared.index.placement import live_index
from shared.jobs import store
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, PhotoOf
from shared.keys import Scope
from shared.kill_points import kill_point
from shared.messages import JobMessage
from shared.topology import EMBED, VISION_SEARCH

ROUTE = "POST /v1/searches"
LATER = ("text", "weight", "webhook_url")


def searches(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("searches", __name__)

    @routes.post("/v1/searches")
    @api.operation(
        scope=Scope.SEARCH,
        answers={200: Job, 202: Job},
        problems=(404, 410, 501),
        body=SearchBody,
        files={FIELD: False},
        headers=("Prefer", idempotency.HEADER, "Accept-Language"),
        max_body=deps.settings.max_image_bytes + FORM_BYTES,
    )
    def search(caller: Caller) -> ResponseReturnValue:
        """Search with a photo.

        It is the file `image` of a form, or what image_url, image_id, product_id or object_key leads to.
        202 with the job's address; with `Prefer: wait=N` 200 and the finished job, whatever its state.
        """
        seconds = preferred_wait(request)
        job_id = new_id()
        with deps.waiters.seat(job_id, seconds) as event:
            with deps.admission.search():
                asked, photo = _read(deps)
                row = _accept(deps, caller.tenant, job_id, asked, photo)
            if row.id == job_id:
                return accepted(deps, row, event, seconds)
        with deps.waiters.seat(row.id, seconds) as event:
            return accepted(deps, row, event, seconds)

    return routes


def _read(deps: Deps) -> tuple[SearchBody, Photo | None]:
    """The body as JSON or as a form. Raises InvalidFields, NotYet, and what a photo's header deserves."""
    files: bodies.Files = {}
    if request.is_json:
        fields = bodies.read_json(request)
    else:
        fields, files = bodies.read_form(request, FIELD, SearchBody.JSON_FIELDS, json_too=True)
    for name in LATER:
        if fields.pop(name, None) not in (None, "", False, "false"):
            raise NotYet(f"{name} is planned and not built yet; leave it out")
    asked = bodies.validate(SearchBody, fields)
    photo = read_photo(files, deps.settings)
    given = [name for name in SOURCES if getattr(asked, name) is not None] + [FIELD] * (photo is not None)
    if len(given) != 1:
        found = ", ".join(given) or "none"
        refuse("body", f"give exactly one of {FIELD} (a file), {', '.join(SOURCES)}; here: {found}")
    return asked, photo


def _accept(deps: Deps, tenant: str, job_id: str, asked: SearchBody, photo: Photo | None) -> Row[Any]:
    """The job of this request: a new one, or the one that the same request made before."""
    said = asked.model_dump(mode="json", exclude_none=True)
    files = [(FIELD, photo.sha256)] if photo else []
    once = idempotency.once(request, tenant, ROUTE, said, files, ttl=deps.settings.idempotency_ttl)
    with deps.db.read() as c:
        repeat = once.find(c) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
        index = live_index(c, tenant, asked.catalog)
        came_along = PhotoOf(PhotoKind.UPLOAD, random_id(), came_along=True) if photo else None
        wanted = search_request(c, tenant, asked, index.id, came_along)
    stored = put_photo(deps, tenant, photo) if photo else None
    kill_point("accept_search.stored")
    with deps.db.write() as c:
        repeat = once.take(c, deps.db, job_id=job_id, location=location(job_id)) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
        if photo is not None and stored is not None:
            own_photo(c, deps, tenant, wanted.photo.value, photo, stored)
        row = store.accept(
            c,
            job_id=job_id,
            tenant=tenant,
            kind=JobKind.SEARCH,
            stage=EMBED,
            request=wanted.to_json(),
            due_in=deps.settings.first_due,
            catalog=asked.catalog,
            fingerprint=index.fingerprint,
        )
        kill_point("accept_search.written")
    kill_point("accept_search.committed")
    deps.dispatcher.send(VISION_SEARCH, JobMessage(job_id, EMBED.name))
    kill_point("accept_search.sent")
    return row
