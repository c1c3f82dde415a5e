"""What was kept for its time goes, photos first: then results, error rows, keys of repeated requests."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from shared.catalog.image_rows import drop_images
from shared.db.engine import now
from shared.db.tables import erasures, idempotency, images, jobs, objects, products, replicas, workers
from shared.jobs.expiry import expire
from shared.jobs.job import OPEN, State
from shared.jobs.kinds import JobKind
from shared.kill_points import kill_point
from shared.telemetry import OPEN_JOBS, step
from workers.keeper.deps import Keeper
from workers.keeper.rounds.batches import AT_ONCE, delete_old, in_batches

# A tombstone also waits for every older job; an hour is the least.
TOMBSTONE_AT_LEAST_S = 3600
FORGET_PROCESS_AFTER_S = 3600


def run(keeper: Keeper) -> None:
    settings, db = keeper.settings, keeper.db
    with step("keeper.expiry") as current:
        photos = in_batches(db, _images)
        kill_point("expire.photos_gone")
        in_batches(db, _objects)
        kill_point("expire.objects_marked")
        ended = in_batches(db, lambda c: expire(c, tombstone_for=settings.tombstone_retention, limit=AT_ONCE))
        kill_point("expire.jobs_entombed")
        delete_old(db, jobs, jobs.c.state == State.EXPIRED, jobs.c.expires_at < now())
        delete_old(db, idempotency, idempotency.c.created_at < now() - settings.idempotency_ttl)
        delete_old(db, erasures, erasures.c.erased_at < now() - settings.tombstone_retention)
        delete_old(db, replicas, replicas.c.seen_at < now() - FORGET_PROCESS_AFTER_S)
        delete_old(db, workers, workers.c.seen_at < now() - FORGET_PROCESS_AFTER_S)
        kill_point("expire.rows_gone")
        _tombstones(keeper)
        kill_point("expire.tombstones_gone")
        _count(keeper)
        current.note(photos=photos, jobs=ended)


# By their time, which is indexed: rows that are locked are not waited for, so any order of locks will do.
def _images(c: Connection) -> int:
    due = select(images).where(images.c.expires_at < now()).order_by(images.c.expires_at).limit(AT_ONCE)
    rows = list(c.execute(due.with_for_update(skip_locked=True)))
    drop_images(c, rows)
    if rows:
        kill_point("expire.photos_written")
    return len(rows)


def _objects(c: Connection) -> int:
    due = (
        select(objects.c.name)
        .where(objects.c.expires_at < now())
        .order_by(objects.c.expires_at)
        .limit(AT_ONCE)
    )
    names = list(c.execute(due.with_for_update(skip_locked=True)).scalars())
    c.execute(update(objects).where(objects.c.name.in_(names)).values(removed_at=now(), expires_at=None))
    return len(names)


def _tombstones(keeper: Keeper) -> None:
    """A tombstone of a product goes when no older job can bring it back."""
    may_write = jobs.c.state.in_((*OPEN, State.FAILED))  # a failed one may be retried
    with keeper.db.read() as c:
        oldest = c.execute(select(func.min(jobs.c.accept_no)).where(may_write)).scalar()
    forgotten = [products.c.deleted_at < now() - TOMBSTONE_AT_LEAST_S]
    if oldest is not None:
        forgotten.append(products.c.deleted_no <= oldest)
    delete_old(keeper.db, products, *forgotten)


def _count(keeper: Keeper) -> None:
    query = (
        select(jobs.c.kind, func.count().label("open")).where(jobs.c.state.in_(OPEN)).group_by(jobs.c.kind)
    )
    with keeper.db.read() as c:
        counts = {row.kind: row.open for row in c.execute(query)}
    for kind in JobKind:
        OPEN_JOBS.labels(kind).set(counts.get(kind, 0))
