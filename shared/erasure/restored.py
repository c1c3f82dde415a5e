"""After a restore, before anything serves: what was erased since the backup is hidden again, and goes."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlalchemy import Connection, exists, select, update

from shared.batched import batched
from shared.catalog.burial import bury
from shared.catalog.locks import lock_products, share_catalog
from shared.db.engine import Database
from shared.db.tables import counters, holdings, jobs
from shared.erasure import receipts
from shared.erasure.deleting import delete_job
from shared.erasure.erased_list import Erased
from shared.erasure.receipts import ErasedKind
from shared.errors import Expired, NotFound
from shared.index import entries as log_entries
from shared.index import log as shard_log
from shared.index.placement import live_index, shard_of
from shared.jobs import ends
from shared.jobs.job import OPEN

log = logging.getLogger(__name__)

AT_ONCE = 500
DAY_S = 86_400.0


def apply_erased_list(
    db: Database, erased: Iterable[Erased], *, erase_within: float = DAY_S, tombstone_for: float = 30 * DAY_S
) -> int:
    """Hide what the database still holds of `erased` and issue its receipts; returns how many.

    A product that was written again later than its erasure stays. Numbers accepted from now on are greater
    than any in the list, so nothing written after the restore counts as older than an erasure before it.
    Done again, it changes nothing.
    """
    hidden = 0
    for some in batched(erased, AT_ONCE):
        with db.write() as c:
            number_beyond(c, db, max(e.accept_no or 0 for e in some))
        for entry in some:
            # Each in a transaction of its own: they lock different catalogs.
            with db.write() as c:
                hidden += _apply(c, entry, erase_within, tombstone_for)
    if hidden:
        log.warning("%d things that were erased after this backup are hidden, and will be erased", hidden)
    return hidden


def number_beyond(c: Connection, db: Database, accept_no: int) -> None:
    """What is accepted from now on gets a greater number than this."""
    c.execute(db.insert(counters).values(name="accept", value=0).on_conflict_do_nothing())
    behind = (counters.c.name == "accept", counters.c.value < accept_no)
    c.execute(update(counters).where(*behind).values(value=accept_no))


def _apply(c: Connection, entry: Erased, erase_within: float, tombstone_for: float) -> bool:
    match entry.kind:
        case ErasedKind.PRODUCT:
            return _hide_product(c, entry, erase_within)
        case ErasedKind.JOB:
            return _hide_job(c, entry, erase_within, tombstone_for)


def _hide_product(c: Connection, entry: Erased, erase_within: float) -> bool:
    assert entry.catalog is not None
    assert entry.accept_no is not None
    try:
        index = live_index(c, entry.tenant, entry.catalog)
    except NotFound:
        return False  # the backup is older than its catalog
    share_catalog(c, entry.tenant, entry.catalog)
    row = lock_products(c, entry.tenant, [entry.id]).get(entry.id)
    alive = row is not None and row.deleted_no is None
    if row is not None and alive and (row.accepted_no > entry.accept_no or row.catalog != entry.catalog):
        return False
    if not alive and not _lingers(c, entry):
        return False
    if alive:
        bury(c, entry.tenant, [entry.id], entry.accept_no)
        gone = {shard_of(entry.id, index.shards): [log_entries.delete([entry.id])]}
        shard_log.append(c, index.id, gone)
    receipts.issue(
        c,
        tenant=entry.tenant,
        kind=entry.kind,
        subject=entry.id,
        erase_within=erase_within,
        catalog=entry.catalog,
        accept_no=entry.accept_no,
        listed=True,
    )
    return True


def _lingers(c: Connection, entry: Erased) -> bool:
    """Whether a segment holds rows of a product that is hidden already, and no receipt is open for it."""
    if receipts.pending(c, entry.tenant, entry.kind, entry.id) is not None:
        return False
    held = exists().where(holdings.c.tenant == entry.tenant, holdings.c.product_id == entry.id)
    return bool(c.execute(select(held)).scalar())


def _hide_job(c: Connection, entry: Erased, erase_within: float, tombstone_for: float) -> bool:
    this = (jobs.c.id == entry.id, jobs.c.tenant == entry.tenant)
    state = c.execute(select(jobs.c.state).where(*this).with_for_update()).scalar()
    if state is None:
        return False
    if state in OPEN:  # it finished, and was purged, after the backup
        ends.cancel(c, entry.tenant, entry.id, keep_for=tombstone_for)
    try:
        receipt = delete_job(
            c, entry.tenant, entry.id, tombstone_for=tombstone_for, erase_within=erase_within
        )
    except Expired:
        return False
    receipts.mark_listed(c, [receipt.id])
    return True
