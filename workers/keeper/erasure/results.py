"""Results that show an erased product: its hits are taken out of searches, its own writes are entombed."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from sqlalchemy import delete, select, tuple_, update

from shared.db.tables import jobs, parts
from shared.jobs.expiry import entomb
from shared.jobs.job import FINAL, State
from shared.jobs.kinds import JobKind
from shared.kill_points import kill_point
from workers.keeper.deps import Keeper
from workers.keeper.erasure.subjects import AT_ONCE, Subjects

JOBS_AT_ONCE = 200


def forget(keeper: Keeper, subjects: Subjects) -> None:
    for some in subjects.slices(AT_ONCE):
        _forget_writes(keeper, some)
        kill_point("erase.writes_forgotten")
    _forget_hits(keeper, subjects)


def _forget_writes(keeper: Keeper, subjects: Subjects) -> None:
    """Finished single writes tell of the product's images; one that failed is not retried any more."""
    query = select(jobs.c.id, jobs.c.accept_no, jobs.c.product_id).where(
        jobs.c.tenant == subjects.tenant,
        jobs.c.product_id.in_(subjects.ids),
        jobs.c.kind == JobKind.PRODUCT,
        jobs.c.state.in_(FINAL),
    )
    with keeper.db.write() as c:
        found = c.execute(query).all()
        older = [row.id for row in found if row.product_id in subjects.accepted_before(row.accept_no)]
        entomb(c, sorted(older), tombstone_for=keeper.settings.tombstone_retention)


def _forget_hits(keeper: Keeper, subjects: Subjects) -> None:
    searches = (
        select(jobs.c.id, jobs.c.created_at, jobs.c.result)
        .where(
            jobs.c.tenant == subjects.tenant,
            jobs.c.kind == JobKind.SEARCH,
            jobs.c.state == State.SUCCEEDED,
            jobs.c.catalog == subjects.catalog,
            jobs.c.created_at <= subjects.hidden_at,
        )
        .order_by(jobs.c.created_at, jobs.c.id)
        .limit(JOBS_AT_ONCE)
    )
    hidden_at = {product_id: receipt.hidden_at for product_id, receipt in subjects.receipts.items()}
    page = searches
    while True:
        with keeper.db.read() as c:
            found = c.execute(page).all()
        if not found:
            return
        changed = {row.id: kept for row in found if (kept := _without_hits(row, hidden_at)) is not None}
        with keeper.db.write() as c:
            c.execute(delete(parts).where(parts.c.job_id.in_([row.id for row in found])))
            for job_id, result in sorted(changed.items()):
                still = (jobs.c.id == job_id, jobs.c.state == State.SUCCEEDED)
                c.execute(update(jobs).where(*still).values(result=result))
        kill_point("erase.hits_forgotten")
        last = (found[-1].created_at, found[-1].id)
        page = searches.where(tuple_(jobs.c.created_at, jobs.c.id) > last)


def _without_hits(search: Any, hidden_at: Mapping[str, float]) -> dict[str, Any] | None:
    """The result of a search without its hits of products hidden since; None if there are none."""

    def stays(hit: dict[str, Any]) -> bool:
        return bool(hidden_at.get(hit["product"]["id"], -inf) < search.created_at)

    items = [{**item, "hits": [hit for hit in item["hits"] if stays(hit)]} for item in search.result["items"]]
    return None if items == search.result["items"] else {**search.result, "items": items}
