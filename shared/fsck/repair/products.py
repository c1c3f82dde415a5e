"""Products and the numbers under which they were accepted, and what the index is told of their columns."""

from __future__ import annotations

from sqlalchemy import update

from shared.batched import batched
from shared.catalog.locks import lock_products
from shared.catalog.product import logged_columns_of
from shared.db.engine import now
from shared.db.tables import images, products
from shared.erasure import receipts
from shared.erasure.erased_list import Erased
from shared.erasure.receipts import ErasedKind
from shared.erasure.restored import apply_erased_list, number_beyond
from shared.fsck.finding import Finding
from shared.fsck.products import newest_no, readable, touched_no
from shared.fsck.repair.deps import Repairs
from shared.index import entries, log

AT_ONCE = 500


def counter(repairs: Repairs, _finding: Finding) -> str:
    with repairs.db.write() as c:
        newest = newest_no(c)
        number_beyond(c, repairs.db, newest)
    return f"numbers go on after {newest}"


def impossible(repairs: Repairs, finding: Finding) -> str | None:
    tenant, product_id = finding.keys["tenant"], finding.keys["product"]
    with repairs.db.write() as c:
        row = lock_products(c, tenant, [product_id]).get(product_id)
        if row is None:
            return "it is gone"
        if not readable(row):
            return None
        values = {"accepted_no": max(row.accepted_no, touched_no(row)), "deleted_at": None}
        if row.deleted_no is not None:
            values |= {"attributes": {}, "deleted_at": now() if row.deleted_at is None else row.deleted_at}
        this = (products.c.tenant == tenant, products.c.id == product_id)
        c.execute(update(products).where(*this).values(values))
    return "it is deleted" if row.deleted_no is not None else "it lives"


def photo(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        this = (images.c.id == finding.subject, images.c.product_id.is_(None), images.c.expires_at.is_(None))
        c.execute(update(images).where(*this).values(expires_at=now() + repairs.retention))
    return "it has a time to go at"


def columns(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    of_shard = repairs.columns.setdefault((keys["index_id"], keys["shard"]), set())
    of_shard.add((keys["tenant"], keys["product"]))
    return "an entry of the log tells its values"


def tell_columns(repairs: Repairs) -> None:
    """By the normal log, so that index workers follow; an entry tells of several products."""
    for (index_id, shard), whose in sorted(repairs.columns.items()):
        if (index_id, shard) in repairs.renewed:
            continue
        for some in batched(sorted(whose), AT_ONCE):
            with repairs.db.write() as c:
                tenant = some[0][0]  # an index is one tenant's
                rows = lock_products(c, tenant, [product for _, product in some])
                living = {i: row for i, row in rows.items() if row.deleted_no is None}
                told = {i: logged_columns_of(row.attributes) for i, row in living.items()}
                if told:
                    log.append(c, index_id, {shard: [entries.patch(told)]})


def erased_back(repairs: Repairs, finding: Finding) -> str:
    apply_erased_list(repairs.db, [finding.keys["erased"]], erase_within=repairs.erase_within)
    return "it is hidden, and will be erased"


def erased_left(repairs: Repairs, finding: Finding) -> str:
    erased: Erased = finding.keys["erased"]
    with repairs.db.write() as c:
        row = lock_products(c, erased.tenant, [erased.id]).get(erased.id)
        if row is not None and row.deleted_no is None:
            return "its product is there again"
        if receipts.pending(c, erased.tenant, ErasedKind.PRODUCT, erased.id) is None:
            receipts.issue(
                c,
                tenant=erased.tenant,
                kind=ErasedKind.PRODUCT,
                subject=erased.id,
                erase_within=repairs.erase_within,
                catalog=erased.catalog,
                accept_no=erased.accept_no,
                listed=True,
            )
    return "it will be erased"


def erased_list(_repairs: Repairs, _finding: Finding) -> None:
    """What it said is not known."""
