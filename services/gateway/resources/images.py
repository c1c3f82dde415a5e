"""`/v1/images`: upload once, search many times; and the normalised image, which alone is served."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from services.gateway.accepting.pictures import serve
from services.gateway.accepting.uploads import FIELD, own_photo, put_photo, read_photo
from services.gateway.http import bodies, idempotency
from services.gateway.http.auth import Caller
from services.gateway.http.bodies import FORM_BYTES, refuse
from services.gateway.http.operations import Access, Operations
from services.gateway.schemas.image import Image, ImageForm, SignedQuery
from services.gateway.wiring import Deps
from shared.db.engine import now
from shared.db.tables import images as image_rows
from shared.errors import Conflict, Forbidden, NotFound, Unauthorized
from shared.ids import random_id
from shared.images.state import ImageState
from shared.keys import Scope
from shared.kill_points import kill_point

ROUTE = "POST /v1/images"
JPEG = "image/jpeg"


def images(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("images", __name__)

    @routes.post("/v1/images")
    @api.operation(
        scope=Scope.SEARCH,
        answers={201: Image},
        body=ImageForm,
        json=False,
        files={FIELD: False},
        headers=(idempotency.HEADER,),
        max_body=deps.settings.max_image_bytes + FORM_BYTES,
    )
    def upload_image(caller: Caller) -> ResponseReturnValue:
        """Upload an image, to search with or to give to a product as `upload:<id>`.

        It is forgotten after its time unless a product has taken it.
        """
        image_id = _upload(deps, caller.tenant)
        with deps.db.read() as c:
            row = c.execute(
                select(image_rows).where(image_rows.c.id == image_id, image_rows.c.tenant == caller.tenant)
            ).one_or_none()
        if row is None:
            raise NotFound(f"image {image_id} was uploaded before and is gone")
        body = {"id": row.id, "state": row.state, "width": row.width, "height": row.height}
        return body, 201, {"Location": _location(image_id)}

    @routes.get("/v1/images/<word:image_id>")
    @api.open(
        scope=Access.SIGNED,
        answers={200: JPEG, 304: ""},
        problems=(401, 403, 404, 409, 429, 503),
        query=SignedQuery,
    )
    def get_image(image_id: str) -> ResponseReturnValue:
        """The normalised image, a JPEG without metadata.

        409 `not_ready` until a vision worker has made it.
        """
        row = _find(deps, image_id)
        return serve(deps, row.normalised, JPEG)

    @routes.get("/v1/images/<word:image_id>/thumbnail")
    @api.open(
        scope=Access.SIGNED,
        answers={200: JPEG, 304: ""},
        problems=(401, 403, 404, 409, 429, 503),
        query=SignedQuery,
    )
    def get_thumbnail(image_id: str) -> ResponseReturnValue:
        """A small version of the image."""
        row = _find(deps, image_id)
        return serve(deps, row.thumbnail or row.normalised, JPEG)

    return routes


def _location(image_id: str) -> str:
    return f"/v1/images/{image_id}"


def _upload(deps: Deps, tenant: str) -> str:
    """The id of the image: a new one, or the one that the same request made before."""
    fields, files = bodies.read_form(request, FIELD, frozenset())
    bodies.validate(ImageForm, fields)
    photo = read_photo(files, deps.settings)
    if photo is None:
        refuse(FIELD, "send the photo as the form's file `image`")
    ttl = deps.settings.idempotency_ttl
    once = idempotency.once(request, tenant, ROUTE, {}, [(FIELD, photo.sha256)], ttl=ttl)
    with deps.db.read() as c:
        repeat = once.find(c) if once else None
    if repeat is None:
        image_id = random_id()
        stored = put_photo(deps, tenant, photo)
        kill_point("accept_image.stored")
        with deps.db.write() as c:
            location = _location(image_id)
            repeat = once.take(c, deps.db, job_id=None, location=location) if once else None
            if repeat is None:
                own_photo(c, deps, tenant, image_id, photo, stored)
                kill_point("accept_image.written")
        if repeat is None:
            kill_point("accept_image.committed")
            return image_id
    return str(repeat.location).removeprefix(_location(""))


def _find(deps: Deps, image_id: str) -> Row[Any]:
    """The image that this request may see. Raises NotFound, Conflict, Unauthorized, Forbidden."""
    asked = bodies.read_query(request, SignedQuery)
    caller = deps.guard.caller(request) if asked.sig is None else None
    if caller is not None and not (caller.may(Scope.SEARCH) or caller.may(Scope.CATALOGUE)):
        raise Forbidden("this key has neither the scope 'search' nor 'catalogue'")
    gone = (image_rows.c.expires_at < now()).label("gone")
    with deps.db.read() as c:
        row = c.execute(select(image_rows, gone).where(image_rows.c.id == image_id)).one_or_none()
    if asked.sig is not None:
        # An unknown image and a bad signature look the same.
        if row is None or not deps.signer.verify(asked.sig, row.tenant, image_id, deps.db.clock()):
            raise Unauthorized(
                "this signature is not of this image, or its time is over; ask for the job again"
            )
    elif row is None or caller is None or row.tenant != caller.tenant:
        raise NotFound(f"there is no image {image_id}")
    if row.gone:
        raise NotFound(f"there is no image {image_id}")
    if row.normalised is None:
        if row.state == ImageState.REJECTED:
            raise Conflict("this image was rejected; nothing of it is served", code="image_rejected")
        raise Conflict(
            "no vision worker has normalised this image yet; its first search does", code="not_ready"
        )
    return row
