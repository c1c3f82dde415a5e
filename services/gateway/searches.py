"""`POST /v1/searches`: a photo, or something that leads to one, becomes a job."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, select

from services.gateway import bodies, idempotency
from services.gateway.answering import accepted, location, preferred_wait
from services.gateway.auth import Caller
from services.gateway.bodies import refuse
from services.gateway.operations import Operations
from services.gateway.schemas.job import Job
from services.gateway.schemas.search import SearchBody
from services.gateway.uploads import FIELD, FORM_BYTES, Photo, own_photo, put_photo, read_photo
from services.gateway.wiring import Deps
from shared.catalog import store as catalog
from shared.catalog.sources import Source, is_own_object, parse_source
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import InvalidRequest, NotFound, NotYet
from shared.ids import new_id, random_id
from shared.index import versions
from shared.index.placement import live_index
from shared.jobs import job, store
from shared.keys import SEARCH
from shared.messages import JobMessage
from shared.topology import EMBED, VISION_SEARCH

ROUTE = "POST /v1/searches"
LATER = ("text", "weight", "explain", "webhook_url")
SOURCES = ("image_url", "image_id", "product_id", "object_key")


def searches(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("searches", __name__)

    @routes.post("/v1/searches")
    @api.operation(
        scope=SEARCH,
        answers={200: Job, 202: Job},
        problems=(404, 410, 501),
        body=SearchBody,
        files={FIELD: False},
        headers=("Prefer", idempotency.HEADER, "Accept-Language"),
        max_body=deps.settings.max_image_bytes + FORM_BYTES,
    )
    def search(caller: Caller) -> ResponseReturnValue:
        """Search with a photo.

        The photo is the file `image` of a form, or what image_url, image_id, product_id or object_key leads to.
        202 with the job's address; with `Prefer: wait=N` 200 and the finished job, whatever its state.
        """
        deps.admission.search()
        asked, photo = _read(deps)
        seconds = preferred_wait(request)
        job_id = new_id()
        with deps.waiters.seat(job_id, seconds) as event:
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
        fields, files = bodies.read_form(request, SearchBody.JSON_FIELDS)
    for name in LATER:
        if fields.pop(name, None) not in (None, "", False, "false"):
            raise NotYet(f"{name} is planned and not built yet; leave it out")
    asked = bodies.validate(SearchBody, fields)
    photo = read_photo(files, deps.settings)
    given = [name for name in SOURCES if getattr(asked, name) is not None] + [FIELD] * (photo is not None)
    if len(given) != 1:
        refuse("body", f"give exactly one of {FIELD} (a file), {', '.join(SOURCES)}; here: {', '.join(given) or 'none'}")
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
        wanted = _request(c, tenant, asked, index.id)
    stored = None
    image_id = random_id()
    if photo is not None:
        wanted["image"] = {"kind": "upload", "id": image_id}
        stored = put_photo(deps, tenant, photo)
    with deps.db.write() as c:
        repeat = once.take(c, deps.db, status=202, job_id=job_id, location=location(job_id)) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
        if photo is not None and stored is not None:
            own_photo(c, deps, tenant, image_id, photo, stored)
        row = store.accept(
            c, job_id=job_id, tenant=tenant, kind=job.SEARCH, stage=EMBED, request=wanted,
            due_in=deps.settings.first_due, catalog=asked.catalog, fingerprint=index.fingerprint,
        )
    deps.dispatcher.send(VISION_SEARCH, JobMessage(job_id, EMBED.name))
    return row


def _request(c: Connection, tenant: str, asked: SearchBody, index_id: str) -> dict[str, Any]:
    """What the workers are told. Raises NotFound, Expired, InvalidRequest for what cannot be searched with."""
    wanted = asked.model_dump(mode="json", exclude=set(SOURCES))
    wanted["filters"] = asked.filters.model_dump(mode="json", exclude_none=True)
    if asked.min_version is not None:
        version = versions.Version.decode(asked.min_version)
        wanted["min_version"] = versions.check_reachable(c, tenant, index_id, version).encode()
    if asked.image_url is not None:
        wanted["image"] = {"kind": "url", "url": asked.image_url}
    elif asked.object_key is not None:
        wanted["image"] = {"kind": "object", "key": _own_key(tenant, asked.object_key)}
    elif asked.image_id is not None:
        wanted["image"], fresh = _known_image(c, tenant, asked.image_id)
        wanted["store"] = wanted["store"] or fresh
    elif asked.product_id is not None:
        wanted["image"] = _image_of(c, tenant, asked.product_id, asked.catalog)
        wanted["exclude"]["product_ids"].append(asked.product_id)
    return wanted


def _own_key(tenant: str, key: str) -> str:
    source = parse_source(f"object:{key}")
    if not isinstance(source, Source) or not is_own_object(source, tenant):
        refuse("object_key", f"keys resolve under incoming/{tenant}/ only", "bad_source")
    return source.value


def _known_image(c: Connection, tenant: str, image_id: str) -> tuple[dict[str, Any], bool]:
    """The image, and whether it is an upload that no vision worker has seen yet.

    Such a one is judged and normalised by its first search, which must not forget it.
    """
    row = c.execute(
        select(images.c.state, images.c.normalised).where(
            images.c.id == image_id,
            images.c.tenant == tenant,
            images.c.expires_at.is_(None) | (images.c.expires_at > now()),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no image {image_id}")
    fresh = row.normalised is None
    return {"kind": "upload" if fresh else "image", "id": image_id}, fresh


def _image_of(c: Connection, tenant: str, product_id: str, name: str) -> dict[str, Any]:
    catalog.get(c, tenant, product_id, name)
    ready = [i for i in catalog.images_of(c, tenant, [product_id]).get(product_id, []) if i.normalised]
    if not ready:
        raise InvalidRequest(f"product {product_id!r} has no image to search with", code="no_image")
    return {"kind": "product", "id": ready[0].id, "product_id": product_id}
