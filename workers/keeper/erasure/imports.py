"""Imports that were accepted before an erasure, and have ended: what is left of them that names a product.

Nothing reads a manifest or a chunk's rows once its import has ended, unless it failed and may be retried. One
that does not name the product stays retryable; any other is not retried, as its rows would be embedded again.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from shared.batched import batched
from shared.db.tables import chunks, imports, jobs, manifest_ids, row_errors
from shared.errors import ObjectMissing
from shared.jobs.import_request import StoredManifest
from shared.jobs.job import FINAL, State, failure
from shared.jobs.kinds import JobKind
from shared.kill_points import kill_point
from shared.storage import owners
from workers.keeper.deps import Keeper
from workers.keeper.erasure.subjects import AT_ONCE, Subjects

JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
GIVEN_UP = failure(
    "manifest_erased",
    "a product that this import names was deleted since, and its manifest with it; import again",
    retryable=False,
)


def forget(keeper: Keeper, subjects: Subjects) -> None:
    query = (
        select(jobs.c.id, jobs.c.state, jobs.c.error, jobs.c.accept_no, imports)
        .join(imports, imports.c.job_id == jobs.c.id)
        .where(
            jobs.c.tenant == subjects.tenant,
            jobs.c.catalog == subjects.catalog,
            jobs.c.kind == JobKind.IMPORT,
            jobs.c.state.in_(FINAL),
            jobs.c.accept_no < subjects.newest_no,
        )
        .order_by(jobs.c.id)
    )
    with keeper.db.read() as c:
        older = c.execute(query).all()
    for row in older:
        _forget(keeper, row, subjects.accepted_before(row.accept_no))
        kill_point("erase.import_forgotten")


def _forget(keeper: Keeper, row: Row[Any], product_ids: tuple[str, ...]) -> None:
    retryable = row.state == State.FAILED and bool((row.error or {}).get("retryable"))
    keeps = retryable and row.planned and not _names(keeper, row.id, product_ids)
    with keeper.db.write() as c:
        here = (jobs.c.id == row.id, jobs.c.state == row.state)
        if not c.execute(update(jobs).where(*here).values(attempt=jobs.c.attempt + 1)).rowcount:
            return  # retried meanwhile: it is older work again
        for some in batched(product_ids, AT_ONCE):
            for table in (row_errors, manifest_ids):
                c.execute(delete(table).where(table.c.job_id == row.id, table.c.product_id.in_(some)))
        if keeps:
            return
        if retryable:
            c.execute(update(jobs).where(jobs.c.id == row.id).values(error=GIVEN_UP))
        owners.remove(c, _files(c, row))


def _files(c: Connection, row: Row[Any]) -> list[str]:
    manifests = [StoredManifest.from_json(m) for m in row.manifests]
    rows = c.execute(select(chunks.c.rows_object).where(chunks.c.job_id == row.id)).scalars()
    return [*(m.object for m in manifests if not m.incoming), *rows]


def _names(keeper: Keeper, job_id: str, product_ids: tuple[str, ...]) -> bool:
    """Whether a row of its chunks names one of the products, as the plan wrote it."""
    named = {json.dumps(product_id, ensure_ascii=False).encode() for product_id in product_ids}
    query = select(chunks.c.rows_object).where(chunks.c.job_id == job_id).distinct()
    with keeper.db.read() as c:
        for name in c.execute(query).scalars().all():
            try:
                body = owners.read(c, keeper.store, name)
            except ObjectMissing:
                return True
            if not named.isdisjoint(JSON_TEXT.findall(body)):
                return True
    return False
