"""Erasing a finished job before its time: its photo, its result and all that it left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from shared.catalog.image_rows import drop_images
from shared.db.tables import images
from shared.errors import Conflict
from shared.jobs import expiry, store
from shared.jobs.job import OPEN
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, SearchRequest


def erase_job(c: Connection, tenant: str, job_id: str, *, tombstone_for: float) -> None:
    """What remains is a tombstone. Raises NotFound, Expired, Conflict (`not_finished`)."""
    row = store.get(c, tenant, job_id)
    if row.state in OPEN:
        raise Conflict("the job is not finished; cancel it first", code="not_finished")
    # The job's row is the first lock.
    expiry.entomb(c, [job_id], tombstone_for=tombstone_for)
    if row.kind == JobKind.SEARCH:
        _drop_photo(c, row)


def _drop_photo(c: Connection, row: Row[Any]) -> None:
    """The photo that came with this search; not one that was there before it."""
    photo = SearchRequest.from_json(row.request).photo
    came_along = [photo.value] if photo.came_along else []
    if photo.kind in (PhotoKind.URL, PhotoKind.OBJECT) and row.result is not None:
        came_along.append(row.result["image"]["id"])
    query = select(images).where(
        images.c.tenant == row.tenant, images.c.id.in_(came_along), images.c.product_id.is_(None)
    )
    drop_images(c, c.execute(query).all())
