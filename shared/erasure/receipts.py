"""Receipts: what was asked to be erased, with its two dates, hidden at once and erased later."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

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
    return c.execute(
        insert(erasures)
        .values(
            id=new_id(),
            tenant=tenant,
            kind=kind,
            subject=subject,
            catalog=catalog,
            accept_no=accept_no,
            hidden_at=now(),
            erase_by=now() + erase_within,
            listed_at=now() if listed else None,
        )
        .returning(erasures)
    ).one()


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


def mark_listed(c: Connection, receipt_ids: list[str]) -> None:
    c.execute(update(erasures).where(erasures.c.id.in_(receipt_ids)).values(listed_at=now()))


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
