"""The end of an import: once every chunk is done, `replace` deletes what no row named; then the result."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select, update

from shared.catalog.writes import bury
from shared.db.engine import now
from shared.db.tables import chunks, imports, jobs, manifest_ids, products
from shared.index import log
from shared.index.placement import live_index, shard_of
from shared.index.versions import Version
from shared.jobs import chunks as chunk_rows
from shared.jobs import store
from shared.jobs.job import State
from shared.telemetry import step
from workers.vision.deps import Vision

# Above this share of bad rows a `replace` deletes nothing unless it is forced.
MAX_BAD_SHARE = 0.1
DELETES_A_TRANSACTION = 500


def finish_ready(vision: Vision) -> bool:
    """End every import that has nothing left to do; true when there was one.

    Called after each chunk's commit, so whichever of two last chunks commits later sees both done.
    """
    with vision.db.read() as c:
        ready = chunk_rows.finished_imports(c)
    for job_id in ready:
        _end(vision, job_id)
    return bool(ready)


def _end(vision: Vision, job_id: str) -> None:
    with vision.db.write() as c:
        # A lease of its own, so that one process deletes; any may take it over later.
        job = c.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state == State.RUNNING)
            .where((jobs.c.lease_until.is_(None)) | (jobs.c.lease_until < now()))
            .values(
                lease_until=now() + vision.settings.lease,
                claimed_by=vision.settings.process,
                claimed_at=now(),
            )
            .returning(jobs)
        ).one_or_none()
    if job is None:
        return
    with step("vision.import_end", job_id=job_id) as current:
        with vision.db.read() as c:
            wanted = c.execute(select(imports).where(imports.c.job_id == job_id)).one()
            counted = store.import_progress(c, job_id)
            distinct = c.execute(
                select(func.count())
                .select_from(products)
                .where(
                    products.c.tenant == job.tenant,
                    products.c.catalog == job.catalog,
                    products.c.deleted_no.is_(None),
                )
            ).scalar_one()
        bad = wanted.bad_rows + counted["bad_rows"]
        outcome = _replace(vision, job, wanted, bad) if wanted.options["mode"] == "replace" else {}
        result = {
            "rows": wanted.rows,
            "bad_rows": bad,
            "images": counted["images"],
            "embedded": counted["embedded"],
            "unchanged": counted["images"] - counted["embedded"],
            "products_in_catalog": distinct - outcome.get("deleted", 0),
            "ignored_columns": wanted.ignored_columns,
            "errors_url": f"/v1/imports/{job_id}/errors" if bad else None,
            "version": _version(vision, job),
            **outcome,
        }
        with vision.db.write() as c:
            done = store.finish(
                c,
                job_id,
                State.SUCCEEDED,
                attempt=job.attempt,
                keep_for=vision.settings.errors_retention,
                result=result,
            )
        current.note(rows=wanted.rows, bad=bad)
    if done:
        vision.notifier.job_done(job_id)


def _version(vision: Vision, job: Row[Any]) -> str:
    """The version that shows all of it: the furthest position that any chunk reached, by shard."""
    furthest: dict[int, tuple[int, str]] = {}
    with vision.db.read() as c:
        index = live_index(c, job.tenant, job.catalog)
        for reached in c.execute(select(chunks.c.versions).where(chunks.c.job_id == job.id)).scalars():
            for shard, (seq, chain) in (reached or {}).items():
                furthest[int(shard)] = max(furthest.get(int(shard), (0, "")), (seq, chain))
    return Version(index.id, furthest).encode()


def _replace(vision: Vision, job: Row[Any], wanted: Row[Any], bad: int) -> dict[str, Any]:
    """Delete products that no row names, good or bad, and that are older than this import."""
    if bad > MAX_BAD_SHARE * max(1, wanted.rows) and not wanted.options["force"]:
        return {"deleted": 0, "replace_refused": True}
    deleted = 0
    while True:
        with vision.db.write() as c:
            store.hold(c, job.id, job.attempt)
            index = live_index(c, job.tenant, job.catalog)
            named = select(manifest_ids.c.product_id).where(manifest_ids.c.job_id == job.id)
            doomed = list(
                c.execute(
                    select(products.c.id)
                    .where(
                        products.c.tenant == job.tenant,
                        products.c.catalog == job.catalog,
                        products.c.deleted_no.is_(None),
                        products.c.accepted_at < job.accept_no,
                        products.c.id.not_in(named),
                    )
                    .order_by(products.c.id)
                    .limit(DELETES_A_TRANSACTION)
                    .with_for_update()
                ).scalars()
            )
            if not doomed:
                return {"deleted": deleted, "replace_refused": False}
            bury(c, job.tenant, doomed, job.accept_no)
            by_shard: dict[int, list[str]] = {}
            for product_id in doomed:
                by_shard.setdefault(shard_of(product_id, index.shards), []).append(product_id)
            log.append(
                c, index.id, {s: [log.Entry(log.DELETE, {"products": ids})] for s, ids in by_shard.items()}
            )
        deleted += len(doomed)
        vision.notifier.log_grew(index.id)
