"""Finished jobs past their time: first their results go, and a tombstone's time later their rows."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from shared.db.engine import now
from shared.db.tables import chunks, imports, jobs, manifest_ids, parts, row_errors
from shared.jobs import explanations
from shared.jobs.import_request import StoredManifest
from shared.jobs.job import State, before
from shared.storage import owners

# What a tombstone holds no more.
EMPTIED = ("outcome", "result", "error", "reasons", "progress", "product_id")


def expire(c: Connection, *, tombstone_for: float, limit: int) -> int:
    """Entomb finished jobs whose time is over, at most `limit`; returns how many."""
    due = (
        select(jobs.c.id)
        .where(jobs.c.expires_at < now(), jobs.c.state.in_(before(State.EXPIRED)))
        .order_by(jobs.c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(c.execute(due).scalars())
    if ids:
        entomb(c, ids, tombstone_for=tombstone_for)
    return len(ids)


def entomb(c: Connection, ids: list[str], *, tombstone_for: float) -> None:
    """Finished jobs lose everything but the fact that they were."""
    entombed = c.execute(
        update(jobs)
        .where(jobs.c.id.in_(ids), jobs.c.state.in_(before(State.EXPIRED)))
        .values(
            state=State.EXPIRED,
            expires_at=now() + tombstone_for,
            attempt=jobs.c.attempt + 1,
            request={},
            **dict.fromkeys(EMPTIED),
        )
        .returning(jobs.c.id)
    )
    forget(c, list(entombed.scalars()))


def forget(c: Connection, ids: list[str]) -> None:
    """What stands of these jobs outside their own rows."""
    c.execute(delete(parts).where(parts.c.job_id.in_(ids)))
    explanations.forget_jobs(c, ids)
    _forget_imports(c, ids)


def _forget_imports(c: Connection, ids: list[str]) -> None:
    """Manifests, chunks and row errors name products; they go with the job's result."""
    of_these = imports.c.job_id.in_(ids)
    noted = c.execute(select(imports.c.manifests).where(of_these)).scalars()
    manifests = [StoredManifest.from_json(m) for of_one in noted for m in of_one]
    owners.remove(c, [m.object for m in manifests if not m.incoming])
    owners.remove(c, c.execute(select(chunks.c.rows_object).where(chunks.c.job_id.in_(ids))).scalars())
    for table in (row_errors, manifest_ids, chunks, imports):
        c.execute(delete(table).where(table.c.job_id.in_(ids)))
