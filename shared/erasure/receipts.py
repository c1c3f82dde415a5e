"""Receipts: what was asked to be erased, with its two dates, hidden at once and erased later."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from shared.db.engine import now
from shared.db.tables import erasures
from shared.errors import NotFound
from shared.ids import new_id
from shared.jobs.job import iso


class ErasedKind(StrEnum):
    PRODUCT = "product"
    JOB = "job"


def issue(
    c: Connection,
    *,
    tenant: str,
    kind: ErasedKind,
    subject: str,
    erase_within: float,
    catalog: str | None = None,
    accept_no: int | None = None,
    listed: bool = False,
) -> Row[Any]:
    """The row of a new receipt, in the transaction that hides its subject. `listed`: the list names it."""
    (row,) = issue_all(
        c,
        tenant=tenant,
        kind=kind,
        subjects=(subject,),
        erase_within=erase_within,
        catalog=catalog,
        accept_no=accept_no,
        listed=listed,
    )
    return row


def issue_all(
    c: Connection,
    *,
    tenant: str,
    kind: ErasedKind,
    subjects: Sequence[str],
    erase_within: float,
    catalog: str | None = None,
    accept_no: int | None = None,
    listed: bool = False,
) -> list[Row[Any]]:
    """A receipt for each subject, as `issue` does."""
    if not subjects:
        return []
    common = {
        "tenant": tenant,
        "kind": kind,
        "catalog": catalog,
        "accept_no": accept_no,
        "hidden_at": now(),
        "erase_by": now() + erase_within,
        "listed_at": now() if listed else None,
    }
    rows = [{"id": new_id(), "subject": subject, **common} for subject in subjects]
    return list(c.execute(insert(erasures).values(rows).returning(erasures)))


def get(c: Connection, tenant: str, receipt_id: str) -> Row[Any]:
    """Raises NotFound for an unknown one and for another tenant's."""
    query = select(erasures).where(erasures.c.id == receipt_id, erasures.c.tenant == tenant)
    row = c.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no receipt {receipt_id}")
    return row


def pending(c: Connection, tenant: str, kind: ErasedKind, subject: str) -> Row[Any] | None:
    """The newest receipt of this subject that is not erased yet."""
    query = (
        select(erasures)
        .where(erasures.c.tenant == tenant, erasures.c.kind == kind, erasures.c.subject == subject)
        .where(erasures.c.erased_at.is_(None))
        .order_by(erasures.c.id.desc())
        .limit(1)
    )
    return c.execute(query).one_or_none()


def of_write(c: Connection, tenant: str, catalog: str, accept_no: int) -> tuple[int, float | None]:
    """How many products the write of this number deleted, and by when the last of them is erased."""
    query = select(func.count(), func.max(erasures.c.erase_by)).where(
        *_deleted_by(tenant, catalog, accept_no)
    )
    count, erase_by = c.execute(query).one()
    return count, erase_by


def unlisted_of_write(
    c: Connection, tenant: str, catalog: str, accept_no: int, *, limit: int
) -> list[Row[Any]]:
    """Receipts of that write that do not stand in the list yet."""
    query = select(erasures).where(
        *_deleted_by(tenant, catalog, accept_no),
        erasures.c.listed_at.is_(None),
        erasures.c.subject.is_not(None),
    )
    return list(c.execute(query.order_by(erasures.c.id).limit(limit)))


def _deleted_by(tenant: str, catalog: str, accept_no: int) -> tuple[ColumnElement[bool], ...]:
    return (
        erasures.c.tenant == tenant,
        erasures.c.kind == ErasedKind.PRODUCT,
        erasures.c.catalog == catalog,
        erasures.c.accept_no == accept_no,
    )


def mark_listed(c: Connection, receipt_ids: list[str]) -> None:
    """The first date stays: who is the second to do it, or was paused meanwhile, changes nothing."""
    unlisted = (erasures.c.id.in_(receipt_ids), erasures.c.listed_at.is_(None))
    c.execute(update(erasures).where(*unlisted).values(listed_at=now()))


def public(row: Row[Any]) -> dict[str, Any]:
    """As clients see it; `subject` is null once erased."""
    return {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "hidden": iso(row.hidden_at),
        "erase_by": iso(row.erase_by),
        "erased": iso(row.erased_at) if row.erased_at is not None else None,
    }
