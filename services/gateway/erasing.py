"""Erasing a finished job before its time: its photo, its result and all that it left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select

from shared.catalog.writes import drop_images
from shared.db.tables import chunks, images, imports, manifest_ids, row_errors
from shared.errors import Conflict
from shared.jobs import job, store
from shared.jobs.job import OPEN
from shared.storage import owners


def erase_job(c: Connection, tenant: str, job_id: str, *, tombstone_for: float) -> None:
    """What remains is a tombstone. Raises NotFound, Expired, Conflict (`not_finished`)."""
    row = store.get(c, tenant, job_id)
    if row.state in OPEN:
        raise Conflict("the job is not finished; cancel it first", code="not_finished")
    if row.kind == job.SEARCH:
        _drop_photo(c, row)
    if row.kind == job.IMPORT:
        _drop_import(c, row)
    store.entomb(c, [job_id], tombstone_for=tombstone_for)


def _drop_photo(c: Connection, row: Row[Any]) -> None:
    """The photo that came with this search; not one that was there before it."""
    asked = row.request["image"]
    came_along = [asked["id"]] if asked.get("came_along") else []
    if asked["kind"] in ("url", "object") and row.result is not None:
        came_along.append(row.result["image"]["id"])
    query = select(images).where(
        images.c.tenant == row.tenant, images.c.id.in_(came_along), images.c.product_id.is_(None)
    )
    drop_images(c, c.execute(query).all())


def _drop_import(c: Connection, row: Row[Any]) -> None:
    plan = c.execute(select(imports).where(imports.c.job_id == row.id)).one_or_none()
    if plan is None:
        return
    rows = c.execute(select(chunks.c.rows_object).where(chunks.c.job_id == row.id).distinct()).scalars()
    ours = (manifest["object"] for manifest in plan.manifests if manifest.get("kind") != "incoming")
    owners.remove(c, [*rows, *ours])
    # Chunks and error rows hang on the job's row, which stays as a tombstone.
    for table in (row_errors, manifest_ids, chunks, imports):
        c.execute(delete(table).where(table.c.job_id == row.id))
