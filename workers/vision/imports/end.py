"""The end of an import: once every chunk is done, `replace` deletes what no row named; then the result."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from shared.catalog.burial import BATCH, Buried
from shared.catalog.replaced import begin_replace
from shared.db.tables import chunks, imports, manifest_ids, products
from shared.erasure import receipts
from shared.erasure.deleting import delete_older
from shared.erasure.listing import note
from shared.index import log
from shared.index.placement import LiveIndex, live_index
from shared.index.versions import Version
from shared.jobs import store
from shared.jobs.ends import finish
from shared.jobs.import_request import ImportOptions
from shared.jobs.job import Claim, State, failure, iso
from shared.kill_points import kill_point
from workers.vision.deps import Vision

# Above this share of bad rows a `replace` deletes nothing unless it is forced.
MAX_BAD_SHARE = 0.1


def run(vision: Vision, claim: Claim) -> None:
    """End a claimed import that has nothing left to do."""
    with vision.db.read() as c:
        wanted = c.execute(select(imports).where(imports.c.job_id == claim.id)).one()
        counted = store.import_progress(c, claim.id)
        index = live_index(c, claim.tenant, claim.of_catalog)
    options = ImportOptions.from_json(wanted.options)
    replaces = options.mode == "replace"
    bad = wanted.bad_rows + counted["bad_rows"]
    outcome = _replace(vision, claim, index, wanted, bad, force=options.force) if replaces else {}
    with vision.db.read() as c:
        in_catalog = c.execute(
            select(func.count())
            .select_from(products)
            .where(
                products.c.tenant == claim.tenant,
                products.c.catalog == claim.of_catalog,
                products.c.deleted_no.is_(None),
            )
        ).scalar_one()
    result = {
        "rows": wanted.rows,
        "bad_rows": bad,
        "images": counted["images"],
        "embedded": counted["embedded"],
        "unchanged": counted["images"] - counted["embedded"],
        "products_in_catalog": in_catalog,
        "ignored_columns": wanted.ignored_columns,
        "errors_url": f"/v1/imports/{claim.id}/errors" if bad else None,
        "version": _version(vision, claim, index.id, replaced=replaces),
        **outcome,
    }
    nothing_read = wanted.unreadable and not counted["chunks"]
    with vision.db.write() as c:
        done = finish(
            c,
            claim.id,
            State.FAILED if nothing_read else State.SUCCEEDED,
            attempt=claim.attempt,
            keep_for=vision.settings.errors_retention,
            result=None if nothing_read else result,
            error=_unreadable(claim) if nothing_read else None,
        )
        kill_point("end.written")
    kill_point("end.committed")
    if done:
        vision.notifier.job_done(claim.id)


def _unreadable(claim: Claim) -> dict[str, Any]:
    detail = f"no product could be read from the manifest; GET /v1/imports/{claim.id}/errors says why"
    return failure("manifest_unreadable", detail, retryable=False)


def _version(vision: Vision, claim: Claim, index_id: str, *, replaced: bool) -> str:
    """The version that shows all of it: the furthest position that any chunk reached, by shard."""
    furthest: log.Positions = {}
    with vision.db.read() as c:
        if replaced:  # its deletes come after every chunk: where the log ends now
            return Version(index_id, log.positions(c, index_id)).encode()
        for reached in c.execute(select(chunks.c.versions).where(chunks.c.job_id == claim.id)).scalars():
            for shard, place in (reached or {}).items():
                position = log.Position(*place)
                furthest[int(shard)] = max(furthest.get(int(shard), position), position)
    return Version(index_id, furthest).encode()


def _replace(
    vision: Vision, claim: Claim, index: LiveIndex, wanted: Row[Any], bad: int, *, force: bool
) -> dict[str, Any]:
    """Delete products that no row names, good or bad, and that are older than this import."""
    # What an unread rest names is not known, so not even force may delete it.
    too_bad = wanted.rows == 0 or bad > MAX_BAD_SHARE * wanted.rows
    if wanted.unreadable or (too_bad and not force):
        return {"deleted": 0, "erase_by": None, "replace_refused": True}
    with vision.db.write() as c:
        store.hold(c, claim.id, claim.attempt)
        begin_replace(c, claim.tenant, index.catalog, claim.numbered)
    kill_point("end.replace_begun")
    after: str | None = None
    while True:
        buried = _drop_some(vision, claim, index, after)
        if not buried.rows and after is None:
            break
        # Batch by batch in the order of ids, and then from the start until nothing is left.
        after = buried.last
        kill_point("end.some_deleted")
        vision.notifier.log_grew(index.id)
    return {**_dropped(vision, claim, index), "replace_refused": False}


def _drop_some(vision: Vision, claim: Claim, index: LiveIndex, after: str | None) -> Buried:
    """A batch beyond the id `after`, erased as after deletes of their own."""
    named = select(manifest_ids.c.product_id).where(manifest_ids.c.job_id == claim.id)
    with vision.db.write() as c:
        store.hold(c, claim.id, claim.attempt)
        gone = delete_older(
            c, index, claim.numbered, erase_within=vision.settings.erase_within, spare=named, after=after
        )
    kill_point("end.some_hidden")
    note(vision.db, vision.erased, gone.receipts)
    return gone.buried


def _dropped(vision: Vision, claim: Claim, index: LiveIndex) -> dict[str, Any]:
    """What the receipts say, as a predecessor may have died between its batches, or before it listed one."""
    of_this = (claim.tenant, index.catalog, claim.numbered)
    while True:
        with vision.db.read() as c:
            unlisted = receipts.unlisted_of_write(c, *of_this, limit=BATCH)
        if not unlisted:
            break
        note(vision.db, vision.erased, unlisted)
    with vision.db.read() as c:
        deleted, erase_by = receipts.of_write(c, *of_this)
    return {"deleted": deleted, "erase_by": iso(erase_by) if erase_by is not None else None}
