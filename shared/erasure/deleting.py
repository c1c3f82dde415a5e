"""What is to be erased is hidden at once, and its receipt written in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from shared.catalog.burial import Buried, bury_older
from shared.catalog.image_rows import drop_images
from shared.catalog.writes import Accepted, accept_delete
from shared.db.engine import Database
from shared.db.tables import images
from shared.erasure import receipts
from shared.erasure.receipts import ErasedKind
from shared.errors import Conflict
from shared.index.placement import LiveIndex
from shared.jobs import expiry, store
from shared.jobs.job import OPEN
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, SearchRequest


@dataclass(frozen=True)
class Deleted:
    """`accepted.version` shows the delete; `receipt` is a row of `erasures`."""

    accepted: Accepted
    receipt: Row[Any]


def delete_product(
    c: Connection, db: Database, *, index: LiveIndex, product_id: str, erase_within: float
) -> Deleted:
    """Raises NotFound."""
    accepted = accept_delete(c, db, index=index, product_id=product_id)
    receipt = receipts.issue(
        c,
        tenant=index.tenant,
        kind=ErasedKind.PRODUCT,
        subject=product_id,
        erase_within=erase_within,
        catalog=index.catalog,
        accept_no=accepted.accept_no,
    )
    return Deleted(accepted, receipt)


@dataclass(frozen=True)
class DeletedOlder:
    """One batch; `receipts` are rows of `erasures`, one for each product that it hid."""

    buried: Buried
    receipts: list[Row[Any]]


def delete_older(
    c: Connection,
    index: LiveIndex,
    accept_no: int,
    *,
    erase_within: float,
    spare: Select[tuple[str]] | None = None,
    after: str | None = None,
) -> DeletedOlder:
    """A batch of `bury_older`, each product with its receipt."""
    buried = bury_older(c, index, accept_no, spare=spare, after=after)
    issued = receipts.issue_all(
        c,
        tenant=index.tenant,
        kind=ErasedKind.PRODUCT,
        subjects=buried.hidden,
        erase_within=erase_within,
        catalog=index.catalog,
        accept_no=accept_no,
    )
    return DeletedOlder(buried, issued)


def delete_job(
    c: Connection, tenant: str, job_id: str, *, tombstone_for: float, erase_within: float
) -> Row[Any]:
    """A finished job loses its photo, its result and all that it left, before its time. The receipt.

    What remains is a tombstone. Raises NotFound, Expired, Conflict (`not_finished`).
    """
    row = store.get(c, tenant, job_id)
    if row.state in OPEN:
        raise Conflict("the job is not finished; cancel it first", code="not_finished")
    # The job's row is the first lock.
    expiry.entomb(c, [job_id], tombstone_for=tombstone_for)
    if row.kind == JobKind.SEARCH:
        _drop_photo(c, row)
    return receipts.issue(c, tenant=tenant, kind=ErasedKind.JOB, subject=job_id, erase_within=erase_within)


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
