"""The photo of a search: where it is, and what is kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from shared.db.engine import now
from shared.db.tables import images, jobs
from shared.ids import random_id
from shared.images.state import ImageState
from shared.jobs.job import Claim, State
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from workers.vision.decode.pool import Decoded
from workers.vision.deps import Vision
from workers.vision.images import sources

_STATE = select(jobs.c.state).where(jobs.c.id == bindparam("job_id")).with_for_update(read=True)
_UPLOAD = select(images.c.upload).where(images.c.id == bindparam("image_id"))
_REPLACE = update(images).where(images.c.id == bindparam("image_id"), images.c.upload.is_not(None))


@dataclass(frozen=True)
class Photo:
    """`of_product`: it is a product's image already, so it is neither judged nor kept again."""

    data: bytes
    image_id: str
    of_product: bool = False
    has_row: bool = True
    normalised: bool = False  # an earlier search has kept it already


def find(vision: Vision, tenant: str, wanted: PhotoOf) -> Photo | Reason:
    """The photo that a request leads to."""
    if wanted.kind in (PhotoKind.URL, PhotoKind.OBJECT):
        by_url = wanted.kind is PhotoKind.URL
        got = sources.by_url(vision, wanted.value) if by_url else sources.by_key(vision, tenant, wanted.value)
        return got if isinstance(got, Reason) else Photo(got.data, random_id(), has_row=False)
    got = sources.by_image_id(vision, tenant, wanted.value)
    return (
        got
        if isinstance(got, Reason)
        else Photo(got.data, wanted.value, of_product=got.of_product, normalised=got.normalised)
    )


def keep(vision: Vision, claim: Claim, photo: Photo, decoded: Decoded) -> None:
    """The normalised image takes the upload's place. Of a search that was erased meanwhile nothing stays."""
    stored = [
        vision.store.put(new_name(kind, claim.tenant, vision.db.clock()), body)
        for kind, body in (("images", decoded.normalised), ("thumbnails", decoded.thumbnail))
        if body is not None
    ]
    values = {
        "state": ImageState.READY,
        "upload": None,
        "normalised": stored[0].name,
        "thumbnail": stored[1].name if len(stored) > 1 else None,
        "width": decoded.width,
        "height": decoded.height,
    }
    retention = vision.settings.retention
    with vision.db.write() as c:
        erased = _is_erased(c, claim.id)
        owners.own(c, claim.tenant, stored, keep_for=retention)
        if erased:
            owners.remove(c, [s.name for s in stored])
        elif photo.has_row:
            _replace_upload(c, photo.image_id, values, stored)
        else:
            born = {"id": photo.image_id, "tenant": claim.tenant, "created_at": now()}
            sha256 = hashlib.sha256(photo.data).hexdigest()
            c.execute(insert(images).values(**born, **values, sha256=sha256, expires_at=now() + retention))


def _is_erased(c: Connection, job_id: str) -> bool:
    """Whether the search is; one that is not stays so until the transaction ends."""
    state = c.execute(_STATE, {"job_id": job_id}).scalar()
    return state in (None, State.EXPIRED)


def _replace_upload(c: Connection, image_id: str, values: dict[str, Any], stored: list[Stored]) -> None:
    replaced = c.execute(_UPLOAD, {"image_id": image_id}).scalar()
    changed = c.execute(_REPLACE, {"image_id": image_id, **values})
    # Another search of the same upload was first, or the row has gone: ours is one too many.
    owners.remove(c, [replaced] if changed.rowcount else [s.name for s in stored])


def refuse(c: Connection, claim: Claim, reasons: Sequence[Reason]) -> None:
    """An upload that was judged and found wanting says so at its own address too."""
    if claim.kind is not JobKind.SEARCH:
        return
    photo = SearchRequest.from_json(claim.request).photo
    if photo.kind is PhotoKind.UPLOAD:
        c.execute(
            update(images)
            .where(images.c.id == photo.value, images.c.upload.is_not(None))
            .values(state=ImageState.REJECTED, reasons=[reason.to_json() for reason in reasons])
        )
