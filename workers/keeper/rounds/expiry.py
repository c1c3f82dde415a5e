"""What was kept for its time goes: results, query images, error files, keys of repeated requests."""

from __future__ import annotations

from sqlalchemy import and_, delete, exists, func, or_, select, update

from shared.catalog.writes import drop_images
from shared.db.engine import now
from shared.db.tables import idempotency, images, jobs, objects, products, replicas, workers
from shared.jobs.job import OPEN, State
from shared.jobs.store import expire
from shared.telemetry import OPEN_JOBS, step
from workers.keeper.deps import Keeper

AT_ONCE = 500
# A tombstone also waits for every older job; an hour is the least.
TOMBSTONE_AT_LEAST_S = 3600
FORGET_PROCESS_AFTER_S = 3600


def run(keeper: Keeper) -> None:
    with step("keeper.expiry") as current:
        with keeper.db.write() as c:
            ids = expire(c, tombstone_for=keeper.settings.tombstone_retention, limit=AT_ONCE)
            drop_images(c, c.execute(select(images).where(images.c.expires_at < now()).limit(AT_ONCE)))
            c.execute(
                update(objects).where(objects.c.expires_at < now()).values(removed_at=now(), expires_at=None)
            )
            c.execute(
                delete(idempotency).where(idempotency.c.created_at < now() - keeper.settings.idempotency_ttl)
            )
            c.execute(delete(replicas).where(replicas.c.seen_at < now() - FORGET_PROCESS_AFTER_S))
            c.execute(delete(workers).where(workers.c.seen_at < now() - FORGET_PROCESS_AFTER_S))
        _tombstones(keeper)
        _count(keeper)
        current.note(jobs=len(ids))


def _tombstones(keeper: Keeper) -> None:
    """A tombstone of a product goes when no older job can bring it back."""
    older = exists().where(
        and_(
            jobs.c.tenant == products.c.tenant,
            jobs.c.accept_no < products.c.deleted_no,
            or_(jobs.c.state.in_(OPEN), jobs.c.state == State.FAILED),  # a failed one may be retried
        )
    )
    with keeper.db.write() as c:
        c.execute(
            delete(products).where(
                products.c.deleted_no.is_not(None),
                products.c.deleted_at < now() - TOMBSTONE_AT_LEAST_S,
                ~older,
            )
        )


def _count(keeper: Keeper) -> None:
    query = (
        select(jobs.c.kind, func.count().label("open")).where(jobs.c.state.in_(OPEN)).group_by(jobs.c.kind)
    )
    with keeper.db.read() as c:
        counts = {row.kind: row.open for row in c.execute(query)}
    for kind in ("search", "product", "import"):
        OPEN_JOBS.labels(kind).set(counts.get(kind, 0))
