"""Erasing on request: hidden in one transaction, then noted in the list that outlives backups.

The answer leaves after both. A store that is away in between is a 503, and the keeper notes the entry later;
a product's delete that is sent again then answers with the receipt of the first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from services.gateway.wiring import Deps
from shared.catalog.burial import Buried
from shared.erasure import receipts
from shared.erasure.deleting import delete_job, delete_older, delete_product
from shared.erasure.listing import note
from shared.erasure.receipts import ErasedKind
from shared.errors import NotFound
from shared.index.log import positions
from shared.index.placement import LiveIndex, live_index
from shared.index.versions import Version
from shared.kill_points import kill_point


def erase_product(deps: Deps, tenant: str, catalog: str, product_id: str) -> tuple[Row[Any], Version]:
    """The receipt, and the version that shows the delete. Raises NotFound, StoreUnavailable."""
    with deps.db.read() as c:
        index = live_index(c, tenant, catalog)
    try:
        with deps.db.write() as c:
            gone = delete_product(
                c, deps.db, index=index, product_id=product_id, erase_within=deps.settings.erase_within
            )
            kill_point("accept_delete.written")
        kill_point("accept_delete.committed")
        receipt, version = gone.receipt, gone.accepted.version
    except NotFound:
        with deps.db.read() as c:
            begun = receipts.pending(c, tenant, ErasedKind.PRODUCT, product_id)
            if begun is None or begun.listed_at is not None or begun.catalog != catalog:
                raise
            receipt, version = begun, Version(index.id, positions(c, index.id))
    deps.notifier.log_grew(index.id)
    note(deps.db, deps.erased, [receipt])
    return receipt, version


def erase_some(deps: Deps, index: LiveIndex, accept_no: int) -> Buried:
    """A batch of what a catalog held before a purge. Raises StoreUnavailable."""
    with deps.db.write() as c:
        gone = delete_older(c, index, accept_no, erase_within=deps.settings.erase_within)
    deps.notifier.log_grew(index.id)
    note(deps.db, deps.erased, gone.receipts)
    return gone.buried


def erase_job(deps: Deps, tenant: str, job_id: str) -> Row[Any]:
    """The receipt. Raises NotFound, Expired, Conflict (`not_finished`), StoreUnavailable."""
    settings = deps.settings
    with deps.db.write() as c:
        receipt = delete_job(
            c,
            tenant,
            job_id,
            tombstone_for=settings.tombstone_retention,
            erase_within=settings.erase_within,
        )
    note(deps.db, deps.erased, [receipt])
    return receipt


def location(receipt: Row[Any]) -> str:
    return f"/v1/receipts/{receipt.id}"
