"""A photo that comes with a request: judged by its header, stored as it came, owned by a row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert

from services.gateway.http.bodies import Files, refuse
from services.gateway.wiring import Deps
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import InvalidRequest, TooLarge, UnsupportedFormat
from shared.images.header import Header, HeaderProblem, read_header
from shared.images.state import ImageState
from shared.settings import Settings
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored

FIELD = "image"


_NEW_IMAGE = insert(images).values(created_at=now(), expires_at=now() + bindparam("keep_for"))


@dataclass(frozen=True)
class Photo:
    """Bytes that are an image as far as their header tells."""

    data: bytes
    header: Header
    sha256: str


def read_photo(files: Files, settings: Settings) -> Photo | None:
    """The form's `image`; None when there is none. Raises what its header deserves, before it is stored."""
    for name in files:
        if name != FIELD:
            refuse(name, "there is no such file here")
    given = files.get(FIELD, [])
    if not given:
        return None
    if len(given) > 1:
        refuse(FIELD, "one photo at a time")
    data = given[0].stream.read(settings.max_image_bytes + 1)
    if len(data) > settings.max_image_bytes:
        raise TooLarge(f"a photo has at most {settings.max_image_bytes} bytes")
    header = read_header(data, settings.image_limits)
    if isinstance(header, HeaderProblem):
        kind = UnsupportedFormat if header.code == "unsupported_format" else InvalidRequest
        raise kind(header.detail, code=header.code)
    return Photo(data, header, hashlib.sha256(data).hexdigest())


def put_photo(deps: Deps, tenant: str, photo: Photo) -> Stored:
    return deps.store.put(new_name("uploads", tenant, deps.db.clock()), photo.data, len(photo.data))


def own_photo(c: Connection, deps: Deps, tenant: str, image_id: str, photo: Photo, stored: Stored) -> None:
    """The rows of an upload: its object's owner, and an image that waits for a vision worker."""
    keep_for = deps.settings.retention
    owners.own(c, tenant, [stored], keep_for=keep_for)
    row = {
        "id": image_id,
        "tenant": tenant,
        "state": ImageState.NEW,
        "sha256": photo.sha256,
        "width": photo.header.width,
        "height": photo.header.height,
        "upload": stored.name,
    }
    c.execute(_NEW_IMAGE, {**row, "keep_for": keep_for})
